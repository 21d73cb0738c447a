//! What of an index value the index and the tail keep: each kind of value to the kind that says so.

use super::index::{Column, Place};
use super::{number, quantity, reference, string, token, uri};
use fhir::index::Value;

/// Hands out the terms of a value.
pub fn terms(place: Place, value: &Value<'_>, add: impl FnMut(Vec<u8>)) {
    match value {
        Value::Token { .. } | Value::TokenText(_) | Value::TokenOfType { .. } => {
            token::terms(place, value, add);
        }
        Value::String { .. } => string::terms(place, value, add),
        Value::Reference { .. } | Value::ReferenceUrl { .. } | Value::ReferenceIdentifier { .. } => {
            reference::terms(place, value, add);
        }
        Value::Uri(_) => uri::terms(place, value, add),
        Value::Quantity { .. } => quantity::terms(place, value, add),
        Value::Date { .. } | Value::Number { .. } | Value::Position { .. } | Value::Composite(_) => {}
    }
}

/// The column and the half-open interval of an ordered value.
pub fn interval(value: &Value<'_>) -> Option<(Column, (i64, i64))> {
    match *value {
        Value::Date { low_ms, high_ms } => Some((Column::Date, (low_ms, high_ms))),
        Value::Number { value, low, high, text } => {
            Some((Column::Number, number::interval(value, low, high, text)))
        }
        Value::Quantity { value, low, high, text, .. } => {
            Some((Column::Quantity, number::interval(value, low, high, text)))
        }
        _ => None,
    }
}

/// The text by which a value is known to the tail's sieve; `None` where it is known by its parameter alone.
#[inline]
pub fn trace<'v>(value: &Value<'v>) -> Option<&'v str> {
    match value {
        Value::Token { .. } | Value::TokenText(_) | Value::TokenOfType { .. } => token::trace(value),
        Value::String { .. } => string::trace(value),
        Value::Reference { .. } | Value::ReferenceUrl { .. } | Value::ReferenceIdentifier { .. } => {
            reference::trace(value)
        }
        Value::Uri(uri) => Some(uri),
        Value::Date { .. }
        | Value::Number { .. }
        | Value::Quantity { .. }
        | Value::Position { .. }
        | Value::Composite(_) => None,
    }
}
