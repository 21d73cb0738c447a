//! Bundle: <https://hl7.org/fhir/R4/bundle.html>. FullUrls and references between entries are the walk's.

use super::{Rules, items, shown, text};
use crate::json::Node;
use crate::validation::Code;

/// Links of which a page has one (<https://hl7.org/fhir/R4/http.html#paging>).
const ONCE: [&str; 6] = ["self", "first", "previous", "prev", "next", "last"];

/// Checks links, what entries of that type of bundle have, and the entries of a searchset.
pub(super) fn check(rules: &mut Rules<'_>, resource: Node<'_>) {
    links(rules, resource);
    let kind = text(resource, "type").unwrap_or_default();
    for entry in items(resource, "entry") {
        let has_request = matches!(&*kind, "batch" | "transaction" | "history");
        part(rules, entry, &kind, ("request", has_request, "bdl-3"));
        let has_response = matches!(&*kind, "batch-response" | "transaction-response" | "history");
        part(rules, entry, &kind, ("response", has_response, "bdl-4"));
    }
    if kind == "searchset" {
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

/// Invariants bdl-3 and bdl-4: a part of an entry that a bundle of that type must have, or must not.
fn part(rules: &mut Rules<'_>, entry: Node<'_>, kind: &str, (name, wanted, key): (&str, bool, &str)) {
    match entry.get(name) {
        None if wanted => {
            let text = format!("an entry of a {} has a {name}; add it ({key})", shown(kind));
            rules.error(entry, Code::Invariant, text);
        }
        Some(node) if !wanted => {
            let text = format!("an entry of a {} has no {name}; take it out ({key})", shown(kind));
            rules.error(node, Code::Invariant, text);
        }
        _ => {}
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
