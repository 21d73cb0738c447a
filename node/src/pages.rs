//! Bundles of type searchset and history: <https://hl7.org/fhir/R4/bundle.html>. The resources' bytes are copied in
//! as they are stored; fullUrls are absolute where the base is known.

use crate::{link::Links, outcome};
use bytes::Bytes;
use fhir::bundle::{HistoryEntry, Link, Method, SearchMode, Writer};
use proto::{
    api::v1::{self as api, HistoryResponse, Outcome, SearchResponse},
    id::AssignedId,
};

fn list(links: &Links) -> Vec<Link<'_>> {
    let others = [("first", &links.first), ("previous", &links.previous), ("next", &links.next)];
    let others = others.into_iter().filter_map(|(relation, url)| Some(Link { relation, url: url.as_ref()? }));
    std::iter::once(Link { relation: "self", url: &links.self_ }).chain(others).collect()
}

/// A page of matches and what comes with them; ignored parameters are told first, in an entry of mode `outcome`, so that nobody has to read to the
/// end to learn of them.
pub fn searchset(base: Option<&str>, links: &Links, page: &SearchResponse) -> Bytes {
    let bodies: usize =
        page.entries.iter().map(|entry| entry.body.len() + 160 + base.map_or(0, str::len)).sum();
    let mut out = Writer::new("searchset", page.total, &list(links), bodies);
    if !page.issues.is_empty() {
        out.search_entry(None, &outcome::json_of(&page.issues), SearchMode::Outcome, None);
    }
    for entry in &page.entries {
        let place = match entry.container.as_str() {
            "" => format!("{}/{}", entry.resource_type, entry.id),
            container => format!("{container}#{}", entry.id),
        };
        let full_url = below(base, place);
        let mode = match entry.mode() {
            api::SearchMode::Match => SearchMode::Match,
            api::SearchMode::Include => SearchMode::Include,
        };
        out.search_entry(Some(&full_url), &entry.body, mode, entry.score);
    }
    out.finish().into()
}

/// A page of versions, newest first.
pub fn history(base: Option<&str>, links: &Links, page: &HistoryResponse) -> Bytes {
    let bodies: usize =
        page.entries.iter().map(|entry| entry.body.len() + 320 + base.map_or(0, str::len)).sum();
    let mut out = Writer::new("history", page.total, &list(links), bodies);
    for entry in &page.entries {
        let instance = format!("{}/{}", entry.resource_type, entry.id);
        let (method, url, status) = request_of(entry, &instance);
        out.history_entry(&HistoryEntry {
            full_url: &below(base, instance.clone()),
            resource: (!entry.body.is_empty()).then_some(&entry.body),
            method,
            url,
            status,
            // The service counts versions; a text that is none cannot come from it.
            version: entry.version_id.parse().unwrap_or_default(),
            last_modified_ms: entry.last_updated_ms,
        });
    }
    out.finish().into()
}

/// The fullUrl of `Type/id`.
pub fn below(base: Option<&str>, instance: String) -> String {
    match base {
        Some(base) => format!("{base}/{instance}"),
        None => instance,
    }
}

/// The request that made the version. A create under a client's own id was a PUT.
fn request_of<'e>(entry: &'e api::HistoryEntry, instance: &'e str) -> (Method, &'e str, &'static str) {
    match entry.outcome() {
        Outcome::Created if AssignedId::parse(&entry.id).is_some() => {
            (Method::Post, &entry.resource_type, "201")
        }
        Outcome::Created => (Method::Put, instance, "201"),
        Outcome::Deleted => (Method::Delete, instance, "204"),
        Outcome::Updated | Outcome::Unchanged | Outcome::Unspecified => (Method::Put, instance, "200"),
    }
}
