//! FHIRPath Patch: <https://hl7.org/fhir/R4/fhirpatch.html>.
//!
//! | operation | path leads to | |
//! |---|---|---|
//! | add | one element | a new element in it; error where one is that does not repeat |
//! | insert | one whole list | a new element at `index`, 0 to the length |
//! | delete | one element or none | with it goes what became empty around it |
//! | replace | one element | its value, id and extensions; of `value[x]` also its type |
//! | move | one whole list | the element at `source` comes to stand at `destination` |

mod build;
mod edit;
mod element;
mod list;
mod operation;
mod part;
mod place;

pub(super) use build::is_primitive;
pub(super) use place::{is_abstract, resource_type};

use super::{
    error::{Error, ErrorKind},
    limits::{Budget, Limits},
    value::Value,
};
use crate::{
    fhirpath::{Expression, Input, Item},
    json::{self, Document, Kind, Node},
};
use operation::Operation;

/// Checks every operation of the patch and compiles its path.
pub(super) fn compile(patch: Node<'_>, limits: &Limits) -> Result<Vec<Expression>, Error> {
    let is_parameters = patch.kind() == Kind::Object
        && patch.get("resourceType").and_then(|name| name.as_str()).as_deref() == Some("Parameters");
    if !is_parameters {
        return Err(ErrorKind::NotAPatch("a FHIRPath Patch is a Parameters resource").into());
    }
    let (found, max) = (operations(patch).count(), limits.operations_max);
    if found > max {
        return Err(ErrorKind::TooManyOperations { found, max }.into());
    }
    let mut paths = Vec::with_capacity(found);
    for (index, node) in operations(patch).enumerate() {
        let operation = Operation::read(node).map_err(|kind| Error::at(index, "", kind))?;
        let path = Expression::compile(&operation.path).map_err(|error| {
            Error::at(index, &operation.label(), ErrorKind::BadExpression(error.to_string()))
        })?;
        paths.push(path);
    }
    Ok(paths)
}

fn operations(patch: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    patch.get("parameter").into_iter().flat_map(Node::items)
}

/// Applies the operations in order, each to what the ones before it made: the document to put in the place of `resource`, or
/// `None` if there was no operation. `paths` are those of the operations.
pub(super) fn apply(
    resource: &Document,
    patch: Node<'_>,
    paths: &[Expression],
    limits: &Limits,
    budget: &mut Budget<'_>,
) -> Result<Option<Document>, Error> {
    let mut current = None;
    let steps_max = (limits.steps_max / paths.len().max(1) as u64).max(PATH_STEPS_MIN);
    for (index, (node, path)) in operations(patch).zip(paths).enumerate() {
        let operation = Operation::read(node).map_err(|kind| Error::at(index, "", kind))?;
        let before = current.as_ref().unwrap_or(resource);
        let after = find(path, before, steps_max)
            .and_then(|found| apply_one(&operation, before, &found, &limits.json, budget));
        current = Some(after.map_err(|kind| Error::at(index, &operation.label(), kind))?);
    }
    Ok(current)
}

/// However many operations a patch has, the path of each may look at this many items.
const PATH_STEPS_MIN: u64 = 10_000;

/// The elements a path leads to.
fn find<'d>(path: &Expression, resource: &'d Document, steps_max: u64) -> Result<Vec<Node<'d>>, ErrorKind> {
    let mut input = Input::resource(resource.root());
    input.limits.steps_max = steps_max;
    let items = path.evaluate(&input).map_err(|error| ErrorKind::Evaluation(error.to_string()))?;
    let node = |item: &Item<'d>| item.element().and_then(|element| element.node().or(element.companion()));
    items.iter().map(|item| node(item).ok_or(ErrorKind::NotAnElement)).collect()
}

fn apply_one<'d>(
    operation: &Operation<'d>,
    before: &'d Document,
    found: &[Node<'d>],
    limits: &json::Limits,
    budget: &mut Budget<'_>,
) -> Result<Document, ErrorKind> {
    budget.scan(before.source().len())?;
    let mut root = Value::Kept(before.root());
    edit::apply(operation, before.root(), found, &mut root, budget)?;
    let mut bytes = Vec::with_capacity(before.source().len() + 64);
    root.write(&mut bytes);
    Document::parse(bytes, limits).map_err(|error| match error.kind() {
        json::ErrorKind::TooDeep { max } => ErrorKind::TooDeep { max: *max },
        json::ErrorKind::TooLarge { max, .. } => ErrorKind::TooLarge { max: *max },
        _ => ErrorKind::NotJson(error),
    })
}

#[cfg(test)]
mod tests;
