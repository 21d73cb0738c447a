//! Equality of values, whitespace and order of members aside.

use super::node::{Kind, Node};
use crate::names::NameId;

/// Objects larger than this are compared in the order they are written only, so that no pair costs quadratic time.
const REORDERED_MAX: usize = 64;

/// Whether two values say the same: strings by their text, numbers by their digits (`1.5` is not `1.50`, as FHIR asks),
/// arrays in order, objects by name. A large object whose members are merely reordered counts as different.
pub fn equal(one: Node<'_>, other: Node<'_>) -> bool {
    if one.raw() == other.raw() {
        return true;
    }
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => equal_members(one, other, |_| false),
        (Kind::Array, Kind::Array) => {
            let (mut left, mut right) = (one.items(), other.items());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if equal(a, b) => {}
                    _ => return false,
                }
            }
        }
        (Kind::String, Kind::String) => one.as_str() == other.as_str(),
        // Literals and numbers of the same kind would have had the same bytes.
        _ => false,
    }
}

/// Whether two objects have equal members, those that `skip` names left out on both sides.
pub(crate) fn equal_members(one: Node<'_>, other: Node<'_>, skip: impl Fn(NameId) -> bool) -> bool {
    let mut right = other.members().filter(|(key, _)| !skip(key.name_id()));
    let mut count = 0;
    for (key, value) in one.members().filter(|(key, _)| !skip(key.name_id())) {
        let Some((other_key, other_value)) = right.next() else { return false };
        count += 1;
        let found = match other_key.same_name(key) {
            true => Some(other_value),
            false if count <= REORDERED_MAX => other.get(&key.as_str()),
            false => None,
        };
        if !found.is_some_and(|found| equal(value, found)) {
            return false;
        }
    }
    right.next().is_none()
}
