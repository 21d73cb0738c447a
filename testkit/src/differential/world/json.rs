//! JSON as text: numbers keep the digits that they are written with.

use serde_json::Value;

/// A text in quotes.
pub fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// A member, if there is a value.
pub fn member(name: &str, value: Option<String>) -> Option<String> {
    value.map(|value| format!("{}:{value}", text(name)))
}

/// The members that are there; nothing without any.
pub fn object<const N: usize>(members: [Option<String>; N]) -> Option<String> {
    let members: Vec<String> = members.into_iter().flatten().collect();
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// The values, if there are any.
pub fn list(values: Vec<String>) -> Option<String> {
    (!values.is_empty()).then(|| format!("[{}]", values.join(",")))
}
