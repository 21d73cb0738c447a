//! What of an index value the index and the tail keep: each kind of value to the kind that says so.

use super::index::{Column, Owner, Place, tag};
use super::{contained, near, number, present, quantity, reference, string, token, uri, words};
use fhir::definitions::ParamKind;
use fhir::index::{Contained, Value, Values};
use proto::id::TypeCode;

/// Hands out the terms of a value.
pub fn terms(place: Place, value: &Value<'_>, mut add: impl FnMut(Vec<u8>)) {
    match value {
        Value::Contained(one) => terms_inside(place, one, &mut add),
        value => own_terms(place, value, add),
    }
}

/// Those of a resource that stands inside, as if it stood alone.
fn terms_inside(place: Place, one: &Contained<'_>, add: &mut dyn FnMut(Vec<u8>)) {
    let type_code = TypeCode(one.type_code);
    let owner = Owner { type_code, ..place.owner };
    add(contained::start(place, type_code));
    let mut last = None;
    for (param, value) in Values::trusted(one.values).iter() {
        let its_own = Place { owner, param };
        if last != Some(param) {
            add(contained::inside(place, type_code, &present::term(its_own)));
            last = Some(param);
        }
        own_terms(its_own, &value, |term| add(contained::inside(place, type_code, &term)));
    }
}

fn own_terms(place: Place, value: &Value<'_>, add: impl FnMut(Vec<u8>)) {
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
        Value::Words(_) => words::terms(place, value, add),
        Value::Date { .. }
        | Value::Number { .. }
        | Value::Position { .. }
        | Value::Composite(_)
        | Value::Contained(_)
        | Value::ReferenceContained(_) => {}
    }
}

/// Hands out the columns and the half-open intervals of an ordered value.
pub fn intervals(value: &Value<'_>, mut add: impl FnMut(Column, (i64, i64))) {
    match *value {
        Value::Date { low_ms, high_ms } => add(Column::Date, (low_ms, high_ms)),
        Value::Number { value, low, high, text } => {
            add(Column::Number, number::interval(value, low, high, text));
        }
        Value::Quantity { .. } => quantity::intervals(value, add),
        Value::Position { .. } => near::intervals(value, add),
        _ => {}
    }
}

/// Where the index has the values of a kind in the order of [`crate::sort`].
#[derive(Clone, Copy, Debug)]
pub enum Ordered {
    /// Terms with this tag, whose values are the texts that are ordered.
    Terms(u8),
    /// The low ends of these intervals.
    Low(Column),
    /// Somewhere in these intervals, which are narrow.
    Within(Column),
}

/// Where the values of parameters of a kind are; `None`: nowhere but in the index values themselves.
pub fn ordered(kind: ParamKind) -> Option<Ordered> {
    Some(match kind {
        ParamKind::String => Ordered::Terms(tag::STRING),
        ParamKind::Token => Ordered::Terms(tag::TOKEN_CODE),
        ParamKind::Uri => Ordered::Terms(tag::URL),
        ParamKind::Date => Ordered::Low(Column::Date),
        ParamKind::Number => Ordered::Within(Column::Number),
        ParamKind::Quantity => Ordered::Within(Column::Measured),
        ParamKind::Reference | ParamKind::Composite | ParamKind::Special => return None,
    })
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
        | Value::Words(_)
        | Value::Composite(_)
        | Value::Contained(_)
        | Value::ReferenceContained(_) => None,
    }
}
