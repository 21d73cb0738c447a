//! Equality, equivalence and order of values (<https://hl7.org/fhirpath/N1/#equality>).

use super::temporal::TemporalOrder;
use super::{Quantity, Temporal, Value, round_to_least};
use std::cmp::Ordering;

/// How two single values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhirpath) enum Relation {
    Known(Ordering),
    /// Not decidable: the answer is empty.
    Unknown,
    /// Values that have no order between them.
    Incomparable,
}

/// `None`: not decidable. Values of types that are never equal are not equal.
pub(in crate::fhirpath) fn equal(one: &Value<'_>, other: &Value<'_>) -> Option<bool> {
    match (one, other) {
        (Value::Boolean(one), Value::Boolean(other)) => Some(one == other),
        (Value::String(one), Value::String(other)) => Some(**one == **other),
        (Value::Integer(one), Value::Integer(other)) => Some(one == other),
        (Value::Temporal(one), Value::Temporal(other)) => match one.order(other) {
            TemporalOrder::Known(order) => Some(order.is_eq()),
            TemporalOrder::Unknown => None,
            TemporalOrder::Different => Some(false),
        },
        (Value::Type(one), Value::Type(other)) => Some(one == other),
        _ => match (one.as_decimal(), other.as_decimal()) {
            (Some(one), Some(other)) => Some(one == other),
            _ => match quantities(one, other) {
                Some((one, other)) => one.commensurate(&other).map(|(one, other)| one == other),
                None => Some(false),
            },
        },
    }
}

/// Strings without regard to case and white space, decimals to the precision of the less precise.
pub(in crate::fhirpath) fn equivalent(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => equivalent_texts(one, other),
        (Value::Temporal(one), Value::Temporal(other)) => equivalent_temporals(one, other),
        _ => match (one.as_decimal(), other.as_decimal()) {
            (Some(one), Some(other)) => equivalent_decimals(one, other),
            _ => match quantities(one, other) {
                Some((one, other)) => {
                    one.in_larger_unit(&other).is_some_and(|(one, other)| equivalent_decimals(one, other))
                }
                None => equal(one, other) == Some(true),
            },
        },
    }
}

/// Numbers, strings, dates and times, quantities.
pub(in crate::fhirpath) fn compare(one: &Value<'_>, other: &Value<'_>) -> Relation {
    match (one, other) {
        (Value::Integer(one), Value::Integer(other)) => Relation::Known(one.cmp(other)),
        (Value::String(one), Value::String(other)) => Relation::Known((**one).cmp(&**other)),
        (Value::Temporal(one), Value::Temporal(other)) => match one.order(other) {
            TemporalOrder::Known(order) => Relation::Known(order),
            TemporalOrder::Unknown => Relation::Unknown,
            TemporalOrder::Different => Relation::Incomparable,
        },
        _ => match (one.as_decimal(), other.as_decimal()) {
            (Some(one), Some(other)) => Relation::Known(one.cmp(&other)),
            _ => match quantities(one, other) {
                Some((one, other)) => match one.commensurate(&other) {
                    Some((one, other)) => Relation::Known(one.cmp(&other)),
                    None => Relation::Unknown,
                },
                None => Relation::Incomparable,
            },
        },
    }
}

/// Both as quantities, when one is a quantity and the other is, too, or is a number, which has the unit `1`.
fn quantities(one: &Value<'_>, other: &Value<'_>) -> Option<(Quantity, Quantity)> {
    let is_quantity = |value: &Value<'_>| matches!(value, Value::Quantity(_));
    if !is_quantity(one) && !is_quantity(other) {
        return None;
    }
    Some((one.as_quantity()?, other.as_quantity()?))
}

fn equivalent_temporals(one: &Temporal, other: &Temporal) -> bool {
    one.order(other) == TemporalOrder::Known(Ordering::Equal)
}

fn equivalent_decimals(one: rust_decimal::Decimal, other: rust_decimal::Decimal) -> bool {
    let (one, other) = round_to_least(one, other);
    one == other
}

fn equivalent_texts(one: &str, other: &str) -> bool {
    let folded = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    one == other || folded(one) == folded(other)
}
