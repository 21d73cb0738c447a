//! A patch changes a resource into the next version of the same resource.

use super::{error::ErrorKind, value::Value};
use crate::json::{Kind, Node};

/// Refuses a result that is no object, or whose type or id is another than before.
pub(super) fn check(before: Node<'_>, after: &Value<'_>) -> Result<(), ErrorKind> {
    let is_object = match after {
        Value::Kept(node) => node.kind() == Kind::Object,
        Value::Object(_) => true,
        _ => false,
    };
    if !is_object {
        return Err(ErrorKind::NotAResource);
    }
    for name in ["resourceType", "id"] {
        let same = match (before.get(name), member(after, name)) {
            (None, None) => true,
            (Some(before), Some(Value::Kept(after))) => {
                before.as_str().is_some() && before.as_str() == after.as_str()
            }
            _ => false,
        };
        if !same {
            return Err(ErrorKind::IdentityChanged(name));
        }
    }
    Ok(())
}

fn member<'d>(object: &Value<'d>, name: &str) -> Option<Value<'d>> {
    match object {
        Value::Kept(node) => node.get(name).map(Value::Kept),
        Value::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()),
        _ => None,
    }
}
