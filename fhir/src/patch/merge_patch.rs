//! JSON Merge Patch, RFC 7386.

use super::{
    error::{Error, ErrorKind},
    limits::Budget,
    value::{Value, position},
};
use crate::json::{Kind, Node};

/// Checks that the patch could ever make a resource.
pub(super) fn check(patch: Node<'_>) -> Result<(), Error> {
    match patch.kind() {
        Kind::Object => Ok(()),
        _ => Err(ErrorKind::NotAPatch("a JSON Merge Patch of a resource is a JSON object").into()),
    }
}

/// Merges `patch` into `target`: `null` removes a member, objects merge, everything else replaces. As deep as the
/// patch, which is bounded.
pub(super) fn merge<'d>(
    target: &mut Value<'d>,
    patch: Node<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    if patch.kind() != Kind::Object {
        let value = Value::Kept(patch);
        // A patch is not deeper than its own limit, and stands no deeper in the target than in itself.
        budget.put(value.size(), 0)?;
        *target = value;
        return Ok(());
    }
    if target.members(budget)?.is_none() {
        *target = Value::Object(vec![]);
    }
    let Some(members) = target.members(budget)? else { return Ok(()) };
    for (key, value) in patch.members() {
        let name = key.as_str();
        match (position(members, &name, budget)?, value.kind()) {
            (Some(at), Kind::Null) => {
                budget.spend(members.len() - at)?;
                members.remove(at);
            }
            (None, Kind::Null) => {}
            (Some(at), _) => merge(&mut members[at].1, value, budget)?,
            (None, _) => {
                let mut made = Value::Null;
                merge(&mut made, value, budget)?;
                members.push((name, made));
            }
        }
    }
    Ok(())
}
