//! What a reference leads to: within the resource, within its bundle, then wherever the host looks.

use super::{Answer, Scope};
use crate::definitions::{NameId, ResourceType, names};
use crate::fhirpath::item::{Element, Item};
use crate::fhirpath::value::{Text, Value};
use crate::json::Node;

/// The function's name: `resolve() is T` is more than `is` of what `resolve()` gives.
pub(in crate::fhirpath) const RESOLVE: &str = "resolve";
const REFERENCE: NameId = names::lookup(b"reference");
const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");
const ENTRY: NameId = names::lookup(b"entry");
const FULL_URL: NameId = names::lookup(b"fullUrl");
const RESOURCE: NameId = names::lookup(b"resource");

/// The text of a Reference, a canonical or a uri.
pub(in crate::fhirpath) fn reference_of<'d>(item: &Item<'d>) -> Option<Text<'d>> {
    if let Some(reference) = item.node().and_then(|node| node.get_name(REFERENCE)) {
        return reference.as_str().map(Text::from);
    }
    match item.value() {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The resource type of `Patient/1`, `http://server/Patient/1`, `Patient/1/_history/2`.
pub(super) fn type_in(reference: &str) -> Option<ResourceType> {
    let without_version = reference.split("/_history/").next().unwrap_or(reference);
    let mut parts = without_version.rsplit('/');
    parts.next();
    ResourceType::from_name(parts.next()?)
}

/// The resource that a reference leads to.
pub(in crate::fhirpath) fn find<'d>(scope: &Scope<'_, 'd>, reference: &str) -> Answer<Option<Element<'d>>> {
    let input = scope.env.input;
    let resource = scope.resource();
    let root = input.root_resource.or(resource);
    if let Some(id) = reference.strip_prefix('#') {
        for container in [resource, root].into_iter().flatten() {
            if let Some(found) = contained(scope, container, id)? {
                return Ok(Some(found));
            }
        }
        return Ok(None);
    }
    if let Some(found) = root.map(|root| entry(scope, root, reference)).transpose()?.flatten() {
        return Ok(Some(found));
    }
    Ok(input.host.resolve(reference).map(Element::resource))
}

/// The contained resource of that id; an empty id names the container itself.
fn contained<'d>(scope: &Scope<'_, 'd>, container: Element<'d>, id: &str) -> Answer<Option<Element<'d>>> {
    if id.is_empty() {
        return Ok(Some(container));
    }
    let all = container.node().and_then(|node| node.get_name(CONTAINED));
    for resource in all.into_iter().flat_map(|all| all.items()) {
        scope.env.step()?;
        if resource.get_name(ID).and_then(Node::as_str).is_some_and(|own| own == id) {
            return Ok(Some(Element::resource(resource)));
        }
    }
    Ok(None)
}

/// The resource of the bundle's entry with that fullUrl, or with one that ends with the relative reference.
fn entry<'d>(scope: &Scope<'_, 'd>, root: Element<'d>, reference: &str) -> Answer<Option<Element<'d>>> {
    let is_bundle = root.type_id().is_some_and(|id| id.path() == "Bundle");
    let Some(node) = root.node().filter(|_| is_bundle) else { return Ok(None) };
    let relative = !reference.contains(':');
    for entry in node.get_name(ENTRY).into_iter().flat_map(|entries| entries.items()) {
        scope.env.step()?;
        let Some(url) = entry.get_name(FULL_URL).and_then(Node::as_str) else { continue };
        let before = url.strip_suffix(reference);
        if before.is_some_and(|before| before.is_empty() || (relative && before.ends_with('/'))) {
            return Ok(entry.get_name(RESOURCE).map(Element::resource));
        }
    }
    Ok(None)
}
