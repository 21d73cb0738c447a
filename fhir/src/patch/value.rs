//! A document under edit. Only what an operation reaches is taken apart; all the rest stays as the bytes it was read
//! from, so that no number is ever converted and no member moved.

use super::{
    error::ErrorKind,
    limits::{Budget, Size},
};
use crate::json::{Kind, Node, write_string};
use std::borrow::Cow;

/// A value of the resource or of the patch.
#[derive(Clone, Debug)]
pub(super) enum Value<'d> {
    /// As it stands in the document it came from.
    Kept(Node<'d>),
    /// The `null` that keeps the companion lists of primitives aligned.
    Null,
    Array(Vec<Value<'d>>),
    Object(Vec<Member<'d>>),
}

/// A name and its value.
pub(super) type Member<'d> = (Cow<'d, str>, Value<'d>);

impl<'d> Value<'d> {
    /// Takes the outermost level apart.
    pub fn open(&mut self, budget: &mut Budget<'_>) -> Result<(), ErrorKind> {
        let Value::Kept(node) = *self else { return Ok(()) };
        match node.kind() {
            Kind::Array => {
                let mut items = vec![];
                for item in node.items() {
                    budget.spend(1)?;
                    items.push(Value::Kept(item));
                }
                *self = Value::Array(items);
            }
            Kind::Object => {
                let mut members = vec![];
                for (key, value) in node.members() {
                    budget.spend(1)?;
                    members.push((key.as_str(), Value::Kept(value)));
                }
                *self = Value::Object(members);
            }
            _ => {}
        }
        Ok(())
    }

    /// The members, the object taken apart; `None` if it is none.
    pub fn members(&mut self, budget: &mut Budget<'_>) -> Result<Option<&mut Vec<Member<'d>>>, ErrorKind> {
        self.open(budget)?;
        Ok(match self {
            Value::Object(members) => Some(members),
            _ => None,
        })
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Kept(node) => node.kind() == Kind::Null,
            Value::Null => true,
            _ => false,
        }
    }

    /// Whether it is an array or object with nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Kept(node) => node.is_empty(),
            Value::Null => false,
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
        }
    }

    /// How much it is. As deep as the value under edit, which [`Budget::put`] bounds.
    pub fn size(&self) -> Size {
        let mut size = Size { bytes: 2, values: 1, depth: 1 };
        match self {
            Value::Kept(node) => return Size { bytes: node.raw().len(), values: 1, depth: depth(*node) },
            Value::Null => return Size { bytes: 4, values: 1, depth: 0 },
            Value::Array(items) => items.iter().for_each(|item| size.hold(0, item.size())),
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| size.hold(name.len() + 3, value.size()));
            }
        }
        size
    }

    /// Appends its JSON text.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Value::Kept(node) => out.extend_from_slice(node.raw()),
            Value::Null => out.extend_from_slice(b"null"),
            Value::Array(items) => {
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    separate(at, out);
                    item.write(out);
                }
                out.push(b']');
            }
            Value::Object(members) => {
                out.push(b'{');
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, out);
                    write_string(out, name);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

/// Levels of containers in a node: its brackets, counted outside of strings.
fn depth(node: Node<'_>) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in node.raw() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
    }
    deepest
}

/// The number of the member called `name`.
pub(super) fn position(
    members: &[Member<'_>],
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<Option<usize>, ErrorKind> {
    let found = members.iter().position(|(own, _)| own == name);
    budget.spend(1 + found.unwrap_or(members.len()))?;
    Ok(found)
}

/// Sets the member called `name`, where it stands or at the end.
pub(super) fn set<'d>(
    members: &mut Vec<Member<'d>>,
    name: Cow<'d, str>,
    value: Value<'d>,
    budget: &mut Budget<'_>,
) -> Result<(), ErrorKind> {
    match position(members, &name, budget)? {
        Some(at) => members[at].1 = value,
        None => members.push((name, value)),
    }
    Ok(())
}
