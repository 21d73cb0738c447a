//! Bundle: <https://hl7.org/fhir/R4/bundle.html>. FullUrls and references between entries are the walk's.

use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::validation::Code;

/// Links of which a page has one (<https://hl7.org/fhir/R4/http.html#paging>).
const ONCE: [&str; 6] = ["self", "first", "previous", "prev", "next", "last"];

/// Checks links, and the entries of a searchset.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    links(rules, resource);
    if text(resource, "type").as_deref() == Some("searchset") {
        for entry in items(resource, "entry") {
            found(rules, entry);
        }
    }
}

fn links(rules: &mut Rules<'_>, resource: Node<'_>) {
    let mut met = [false; ONCE.len()];
    for link in items(resource, "link") {
        let relation = text(link, "relation").unwrap_or_default();
        let Some(at) = ONCE.iter().position(|one| *one == relation) else { continue };
        if std::mem::replace(&mut met[at], true) {
            rules.error(link, Code::Value, format!("a second link '{relation}'; a bundle has one"));
        }
    }
}

/// An entry of a searchset: outcomes are OperationOutcomes, everything found has an id.
fn found(rules: &mut Rules<'_>, entry: Node<'_>) {
    let Some(resource) = entry.get("resource") else { return };
    let name = text(resource, "resourceType").unwrap_or_default();
    let mode = entry.get("search").and_then(|search| text(search, "mode"));
    match mode.as_deref() {
        Some("outcome") if name != "OperationOutcome" => {
            let text = format!(
                "an entry of mode outcome holds an OperationOutcome, not a resource of type {}",
                shown(&name)
            );
            rules.error(resource, Code::Value, text);
        }
        Some("match") if name == "OperationOutcome" => {
            let text = "an OperationOutcome is no match of a search; its mode is outcome".into();
            rules.error(resource, Code::Value, text);
        }
        Some("match" | "include") if resource.get("id").is_none() => {
            rules.error(resource, Code::Required, "a resource that a search has found has an id".into());
        }
        _ => {}
    }
}
