//! The value set an element is bound to.

use super::Error;
use crate::conformance::{Canonical, Source};
use crate::definitions::ResourceType;
use crate::json::Node;
use crate::terminology::member;
use std::sync::Arc;

const STRUCTURE: ResourceType = ResourceType::from_name("StructureDefinition").expect("a resource type");

/// The canonical URL of the value set that `context` is bound to: the URL of a StructureDefinition, `#`, and the id or
/// path of one of its elements. Without a `#`, a path of a type of the specification (`Observation.status`).
pub(super) fn value_set_of(source: &Arc<dyn Source>, context: &str) -> Result<String, Error> {
    let (url, version, fragment) = Canonical::read(context);
    let (url, element) = match fragment {
        Some(element) => (url.to_owned(), element),
        None => {
            let type_name = url.split('.').next().unwrap_or_default();
            (format!("http://hl7.org/fhir/StructureDefinition/{type_name}"), url)
        }
    };
    let document = source.find(STRUCTURE, &url, version);
    let missing = || {
        let url = version.map_or_else(|| url.clone(), |version| format!("{url}|{version}"));
        Error::NotFound { resource_type: "StructureDefinition", url }
    };
    let document = document.ok_or_else(missing)?;
    let snapshot = document.root().get("snapshot");
    let is_it = |node: &Node<'_>| {
        let is = |name| node.get(name).and_then(Node::as_str).is_some_and(|text| text == element);
        is("id") || is("path")
    };
    let found = snapshot.and_then(|snapshot| member::list(snapshot, "element").find(is_it));
    let found =
        found.ok_or_else(|| Error::Invalid { problem: format!("there is no element '{element}'") })?;
    let value_set = found.get("binding").and_then(|binding| member::text(binding, "valueSet"));
    let unbound =
        || Error::Invalid { problem: format!("the element '{element}' is not bound to a value set") };
    value_set.map(String::from).ok_or_else(unbound)
}
