//! Bundles of type searchset and history: <https://hl7.org/fhir/R4/bundle.html>. The resources' bytes are copied in
//! as they are stored.

use super::{etag, outcome};
use bytes::Bytes;
use proto::{
    api::v1::{HistoryEntry, HistoryResponse, Outcome, SearchEntry, SearchResponse},
    id::AssignedId,
};

/// Absolute addresses of this page and the one after it.
pub(super) struct Links {
    pub self_: String,
    pub next: Option<String>,
}

/// A page of matches; ignored parameters are told in an entry of mode `outcome`.
pub(super) fn searchset(base: &str, links: &Links, page: &SearchResponse) -> Bytes {
    let bodies: usize = page.entries.iter().map(|entry| entry.body.len() + 160 + base.len()).sum();
    let mut out = Writer::begin("searchset", page.total, links, bodies);
    for entry in &page.entries {
        out.entry(|out| match_entry(out, base, entry));
    }
    if !page.issues.is_empty() {
        out.entry(|out| {
            out.raw(b"\"resource\":");
            out.raw(&outcome::json_of(&page.issues));
            out.raw(b",\"search\":{\"mode\":\"outcome\"}");
        });
    }
    out.finish()
}

fn match_entry(out: &mut Writer, base: &str, entry: &SearchEntry) {
    out.raw(b"\"fullUrl\":");
    out.text(&format!("{base}/{}/{}", entry.resource_type, entry.id));
    out.raw(b",\"resource\":");
    out.raw(&entry.body);
    out.raw(b",\"search\":{\"mode\":\"match\"}");
}

/// A page of versions, newest first.
pub(super) fn history(base: &str, links: &Links, page: &HistoryResponse) -> Bytes {
    let bodies: usize = page.entries.iter().map(|entry| entry.body.len() + 320 + base.len()).sum();
    let mut out = Writer::begin("history", page.total, links, bodies);
    for entry in &page.entries {
        out.entry(|out| version_entry(out, base, entry));
    }
    out.finish()
}

fn version_entry(out: &mut Writer, base: &str, entry: &HistoryEntry) {
    let instance = format!("{}/{}", entry.resource_type, entry.id);
    let (method, url, status) = request_of(entry, &instance);
    out.raw(b"\"fullUrl\":");
    out.text(&format!("{base}/{instance}"));
    if !entry.body.is_empty() {
        out.raw(b",\"resource\":");
        out.raw(&entry.body);
    }
    out.raw(b",\"request\":{\"method\":");
    out.text(method);
    out.raw(b",\"url\":");
    out.text(url);
    out.raw(b"},\"response\":{\"status\":");
    out.text(status);
    out.raw(b",\"etag\":");
    out.text(&etag::weak(&entry.version_id));
    out.raw(b",\"lastModified\":");
    out.text(&etag::instant(entry.last_updated_ms));
    out.raw(b"}");
}

/// The request that made the version. A create under a client's own id was a PUT.
fn request_of<'e>(entry: &'e HistoryEntry, instance: &'e str) -> (&'static str, &'e str, &'static str) {
    match entry.outcome() {
        Outcome::Created if AssignedId::parse(&entry.id).is_some() => ("POST", &entry.resource_type, "201"),
        Outcome::Created => ("PUT", instance, "201"),
        Outcome::Deleted => ("DELETE", instance, "204"),
        Outcome::Updated | Outcome::Unchanged | Outcome::Unspecified => ("PUT", instance, "200"),
    }
}

/// Writes a Bundle into one buffer.
struct Writer {
    out: Vec<u8>,
    entries: usize,
}

impl Writer {
    fn begin(kind: &str, total: Option<u64>, links: &Links, bodies: usize) -> Writer {
        let mut writer = Writer { out: Vec::with_capacity(bodies + 512), entries: 0 };
        writer.raw(b"{\"resourceType\":\"Bundle\",\"type\":");
        writer.text(kind);
        if let Some(total) = total {
            writer.raw(format!(",\"total\":{total}").as_bytes());
        }
        writer.raw(b",\"link\":[{\"relation\":\"self\",\"url\":");
        writer.text(&links.self_);
        if let Some(next) = &links.next {
            writer.raw(b"},{\"relation\":\"next\",\"url\":");
            writer.text(next);
        }
        writer.raw(b"}]");
        writer
    }

    fn entry(&mut self, content: impl FnOnce(&mut Writer)) {
        self.raw(if self.entries == 0 { b",\"entry\":[{" } else { b",{" });
        self.entries += 1;
        content(self);
        self.raw(b"}");
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        // Writing a string into a Vec cannot fail.
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    /// An empty Bundle has no `entry`: FHIR forbids empty arrays.
    fn finish(mut self) -> Bytes {
        self.raw(if self.entries == 0 { b"}" } else { b"]}" });
        Bytes::from(self.out)
    }
}
