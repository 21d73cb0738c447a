//! <https://hl7.org/fhir/R4/search.html#uri>

use super::super::collector::Collector;
use super::super::value::Value;
use super::Convert;
use crate::json::Node;

pub(super) fn converter(type_name: &str) -> Option<Convert> {
    // url, canonical, oid and uuid derive from uri.
    matches!(type_name, "uri" | "string").then_some(plain as Convert)
}

fn plain(value: Node<'_>, out: &mut Collector<'_, '_>) {
    match value.as_str() {
        Some(uri) => out.add(Value::Uri(&uri)),
        None => out.note(value, "not a text"),
    }
}
