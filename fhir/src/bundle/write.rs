//! The bundles a server answers. Bodies are copied in as they are stored.

use super::{Kind, Method};
use crate::{
    json::write_string,
    resource::{INSTANT_LEN, instant_bytes},
};
use bytes::Bytes;

/// What became of one entry of a transaction or batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseEntry {
    /// HTTP status code and reason: `201 Created`.
    pub status: String,
    /// `Patient/1/_history/1`
    pub location: Option<String>,
    /// `W/"1"`
    pub etag: Option<String>,
    /// An instant.
    pub last_modified: Option<String>,
    /// An OperationOutcome.
    pub outcome: Option<Bytes>,
    pub resource: Option<Bytes>,
}

/// A transaction-response or batch-response, one entry per entry asked.
pub fn write_response(kind: Kind, entries: &[ResponseEntry]) -> Vec<u8> {
    let code = match kind {
        Kind::Transaction => "transaction-response",
        Kind::Batch => "batch-response",
    };
    let body = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    let bodies = entries.iter().map(|entry| body(&entry.resource) + body(&entry.outcome) + 256).sum();
    let mut writer = Writer::new(code, None, &[], bodies);
    entries.iter().for_each(|entry| writer.response_entry(entry));
    writer.finish()
}

/// A link of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// `self`, `next`, …
    pub relation: &'a str,
    pub url: &'a str,
}

/// Why a resource is in a searchset: <https://hl7.org/fhir/R4/valueset-search-entry-mode.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMode {
    Match,
    Include,
    Outcome,
}

/// A version in a history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryEntry<'a> {
    pub full_url: &'a str,
    /// `None` for a deletion.
    pub resource: Option<&'a [u8]>,
    /// The request that made the version.
    pub method: Method,
    pub url: &'a str,
    /// HTTP status code, with or without reason.
    pub status: &'a str,
    pub version: u64,
    pub last_modified_ms: u64,
}

/// Writes a Bundle into one buffer, entry by entry.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    entries: usize,
}

impl Writer {
    /// Begins a Bundle of type `code`, with room for `bodies` bytes of entries.
    pub fn new(code: &str, total: Option<u64>, links: &[Link<'_>], bodies: usize) -> Self {
        let linked: usize = links.iter().map(|link| link.url.len() + 48).sum();
        let mut writer = Writer { out: Vec::with_capacity(bodies + linked + 128), entries: 0 };
        writer.raw(b"{\"resourceType\":\"Bundle\",\"type\":");
        writer.text(code);
        if let Some(total) = total {
            writer.raw(format!(",\"total\":{total}").as_bytes());
        }
        for (position, link) in links.iter().enumerate() {
            writer.raw(if position == 0 { b",\"link\":[{" } else { b",{" });
            writer.raw(b"\"relation\":");
            writer.text(link.relation);
            writer.member("url", link.url);
            writer.raw(b"}");
        }
        if !links.is_empty() {
            writer.raw(b"]");
        }
        writer
    }

    /// Begins a document (<https://hl7.org/fhir/R4/documents.html>). `identifier` is a URI that no other document has.
    pub fn document(identifier: &str, timestamp_ms: u64, bodies: usize) -> Self {
        let mut writer = Writer::new("document", None, &[], bodies + identifier.len() + 128);
        writer.raw(b",\"identifier\":{\"system\":\"urn:ietf:rfc:3986\"");
        writer.member("value", identifier);
        writer.raw(b"},\"timestamp\":\"");
        writer.raw(&instant_bytes(timestamp_ms));
        writer.raw(b"\"");
        writer
    }

    /// A resource and nothing about it.
    pub fn entry(&mut self, full_url: &str, resource: &[u8]) {
        self.begin_entry();
        self.raw(b"\"fullUrl\":");
        self.text(full_url);
        self.raw(b",\"resource\":");
        self.raw(resource);
        self.raw(b"}");
    }

    /// A hit of a searchset, with how well it fits, between 0 and 1. An outcome has no fullUrl.
    pub fn search_entry(
        &mut self,
        full_url: Option<&str>,
        resource: &[u8],
        mode: SearchMode,
        score: Option<f64>,
    ) {
        self.begin_entry();
        if let Some(full_url) = full_url {
            self.raw(b"\"fullUrl\":");
            self.text(full_url);
            self.raw(b",");
        }
        self.raw(b"\"resource\":");
        self.raw(resource);
        self.raw(match mode {
            SearchMode::Match => b",\"search\":{\"mode\":\"match\"",
            SearchMode::Include => b",\"search\":{\"mode\":\"include\"",
            SearchMode::Outcome => b",\"search\":{\"mode\":\"outcome\"",
        });
        if let Some(score) = score {
            self.raw(format!(",\"score\":{score:.4}").as_bytes());
        }
        self.raw(b"}}");
    }

    /// A hit with how likely it is the one that is looked for (0 to 1), and the grade of that:
    /// <https://hl7.org/fhir/R4/patient-operation-match.html>.
    pub fn match_entry(&mut self, full_url: &str, resource: &[u8], score: f64, grade: &str) {
        self.begin_entry();
        self.raw(b"\"fullUrl\":");
        self.text(full_url);
        self.raw(b",\"resource\":");
        self.raw(resource);
        self.raw(b",\"search\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/match-grade\",\"valueCode\":");
        self.text(grade);
        self.raw(format!("}}],\"mode\":\"match\",\"score\":{score}}}}}").as_bytes());
    }

    /// A version of a history.
    pub fn history_entry(&mut self, entry: &HistoryEntry<'_>) {
        self.begin_entry();
        self.raw(b"\"fullUrl\":");
        self.text(entry.full_url);
        if let Some(resource) = entry.resource {
            self.raw(b",\"resource\":");
            self.raw(resource);
        }
        self.raw(b",\"request\":{\"method\":");
        self.text(entry.method.as_str());
        self.member("url", entry.url);
        self.raw(b"},\"response\":{\"status\":");
        self.text(entry.status);
        self.member("etag", &format!("W/\"{}\"", entry.version));
        let instant: [u8; INSTANT_LEN] = instant_bytes(entry.last_modified_ms);
        self.raw(b",\"lastModified\":\"");
        self.raw(&instant);
        self.raw(b"\"}}");
    }

    /// The answer to one entry of a transaction or batch.
    pub fn response_entry(&mut self, entry: &ResponseEntry) {
        self.begin_entry();
        if let Some(resource) = &entry.resource {
            self.raw(b"\"resource\":");
            self.raw(resource);
            self.raw(b",");
        }
        self.raw(b"\"response\":{\"status\":");
        self.text(&entry.status);
        for (name, value) in
            [("location", &entry.location), ("etag", &entry.etag), ("lastModified", &entry.last_modified)]
        {
            if let Some(value) = value {
                self.member(name, value);
            }
        }
        if let Some(outcome) = &entry.outcome {
            self.raw(b",\"outcome\":");
            self.raw(outcome);
        }
        self.raw(b"}}");
    }

    /// The bytes. A Bundle without entries has no `entry`: FHIR forbids empty arrays.
    pub fn finish(mut self) -> Vec<u8> {
        self.raw(if self.entries == 0 { b"}" } else { b"]}" });
        self.out
    }

    fn begin_entry(&mut self) {
        self.raw(if self.entries == 0 { b",\"entry\":[{" } else { b",{" });
        self.entries += 1;
    }

    /// A member after others.
    fn member(&mut self, name: &str, value: &str) {
        self.raw(b",");
        self.text(name);
        self.raw(b":");
        self.text(value);
    }

    fn text(&mut self, text: &str) {
        write_string(&mut self.out, text);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}
