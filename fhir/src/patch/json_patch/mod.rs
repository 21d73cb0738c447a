//! JSON Patch, RFC 6902, on the bytes of a resource.

mod equal;
mod operation;
mod pointer;

use super::{
    error::{Error, ErrorKind},
    limits::{Budget, Limits},
    value::Value,
};
use crate::json::{Kind, Node};
use operation::Operation;

/// Checks every operation of the patch.
pub(super) fn check(patch: Node<'_>, limits: &Limits) -> Result<(), Error> {
    if patch.kind() != Kind::Array {
        return Err(ErrorKind::NotAPatch("a JSON Patch is an array of operations").into());
    }
    let (found, max) = (patch.items().count(), limits.operations_max);
    if found > max {
        return Err(ErrorKind::TooManyOperations { found, max }.into());
    }
    for (index, node) in patch.items().enumerate() {
        Operation::read(node).map_err(|kind| Error::at(index, "", kind))?;
    }
    Ok(())
}

/// Applies the operations in order; the first that fails ends it.
pub(super) fn apply<'d>(root: &mut Value<'d>, patch: Node<'d>, budget: &mut Budget<'_>) -> Result<(), Error> {
    for (index, node) in patch.items().enumerate() {
        let operation = Operation::read(node).map_err(|kind| Error::at(index, "", kind))?;
        operation.apply(root, budget).map_err(|kind| Error::at(index, &operation.label(), kind))?;
    }
    Ok(())
}
