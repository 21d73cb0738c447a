//! `resolve()`: within the resource, within its bundle, then wherever the host looks.

use super::{Function, Out, Run, Step, function};
use crate::definitions::{NameId, ResourceType, TypeId, names};
use crate::fhirpath::eval::{Answer, Scope, is_of};
use crate::fhirpath::item::{Element, Item};
use crate::fhirpath::op::{Call, Op, TypeSpec};
use crate::fhirpath::value::{Text, Value};
use crate::json::Node;

pub(super) const FUNCTIONS: &[Function] = &[function(RESOLVE, (0, 0), Run::Items(resolve))];

pub(in crate::fhirpath) const RESOLVE: &str = "resolve";
const REFERENCE: NameId = names::lookup(b"reference");
const TYPE: NameId = names::lookup(b"type");
const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");
const ENTRY: NameId = names::lookup(b"entry");
const FULL_URL: NameId = names::lookup(b"fullUrl");
const RESOURCE: NameId = names::lookup(b"resource");

/// What cannot be found is left out.
fn resolve<'d>(call: &Call, scope: &Scope<'_, 'd>, out: &mut Out<'_, 'd>) -> Step {
    scope.run(&call.on, &mut |item| {
        let Some(reference) = reference_of(&item) else { return Ok(()) };
        match find(scope, &reference)? {
            Some(resource) => out(Item::Element(resource)),
            None => Ok(()),
        }
    })
}

/// `resolve() is T`: of a resource that is not at hand, the reference itself tells the type. Empty when nothing tells it.
pub(in crate::fhirpath) fn resolves_to(
    call: &Call,
    scope: &Scope<'_, '_>,
    target: TypeSpec,
) -> Answer<Option<bool>> {
    let Some(item) = scope.single(&call.on, call.at, "is")? else { return Ok(None) };
    let reference = reference_of(&item);
    if let Some(text) = &reference
        && let Some(resource) = find(scope, text)?
    {
        return Ok(Some(is_of(&Item::Element(resource), target)));
    }
    let told = reference.and_then(|text| type_in(&text)).or_else(|| {
        let named = item.node()?.get_name(TYPE)?.as_str()?;
        ResourceType::from_name(named.rsplit('/').next().unwrap_or(&named))
    });
    let type_id = told.and_then(|told| TypeId::from_path(told.name()));
    Ok(type_id.map(|id| target.fhir.is_some_and(|wanted| id.lineage().any(|base| base == wanted))))
}

/// `on`, if the operation is a call of `resolve()`.
pub(in crate::fhirpath) fn as_resolve(op: &Op) -> Option<&Call> {
    match op {
        Op::Call(call) if call.function.name == RESOLVE => Some(call),
        _ => None,
    }
}

/// The text of a Reference, a canonical or a uri.
fn reference_of<'d>(item: &Item<'d>) -> Option<Text<'d>> {
    if let Some(reference) = item.node().and_then(|node| node.get_name(REFERENCE)) {
        return reference.as_str().map(Text::from);
    }
    match item.value() {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The resource type of `Patient/1`, `http://server/Patient/1`, `Patient/1/_history/2`.
fn type_in(reference: &str) -> Option<ResourceType> {
    let without_version = reference.split("/_history/").next().unwrap_or(reference);
    let mut parts = without_version.rsplit('/');
    parts.next();
    ResourceType::from_name(parts.next()?)
}

fn find<'d>(scope: &Scope<'_, 'd>, reference: &str) -> Answer<Option<Element<'d>>> {
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
