//! Equality as `test` means it: <https://www.rfc-editor.org/rfc/rfc6902#section-4.6>.

use super::super::{error::ErrorKind, limits::Budget};
use crate::json::{Key, Kind, Node};

/// Whether two values are equal: numbers by value (`1.50` equals `1.5` and `15e-1`), strings by their characters,
/// arrays in order, objects whatever the order of their members. As deep as the documents, which are bounded.
pub fn equal(one: Node<'_>, other: Node<'_>, budget: &mut Budget<'_>) -> Result<bool, ErrorKind> {
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => equal_objects(one, other, budget),
        (Kind::Array, Kind::Array) => equal_arrays(one, other, budget),
        (Kind::Number, Kind::Number) => {
            let (one, other) =
                (one.number_text().unwrap_or_default(), other.number_text().unwrap_or_default());
            Ok(one == other || Decimal::of(one).is_some_and(|one| Some(one) == Decimal::of(other)))
        }
        (Kind::String, Kind::String) => Ok(one.as_str() == other.as_str()),
        (one_kind, other_kind) => Ok(one_kind == other_kind && one.raw() == other.raw()),
    }
}

fn equal_arrays(one: Node<'_>, other: Node<'_>, budget: &mut Budget<'_>) -> Result<bool, ErrorKind> {
    let (mut left, mut right) = (one.items(), other.items());
    loop {
        budget.spend(1)?;
        match (left.next(), right.next()) {
            (None, None) => return Ok(true),
            (Some(a), Some(b)) if equal(a, b, budget)? => {}
            _ => return Ok(false),
        }
    }
}

fn equal_objects(one: Node<'_>, other: Node<'_>, budget: &mut Budget<'_>) -> Result<bool, ErrorKind> {
    let (left, right) = (sorted(one, budget)?, sorted(other, budget)?);
    if left.len() != right.len() {
        return Ok(false);
    }
    for ((left_key, left_value), (right_key, right_value)) in left.into_iter().zip(right) {
        if left_key.as_str() != right_key.as_str() || !equal(left_value, right_value, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn sorted<'d>(node: Node<'d>, budget: &mut Budget<'_>) -> Result<Vec<(Key<'d>, Node<'d>)>, ErrorKind> {
    let mut members = vec![];
    for member in node.members() {
        budget.spend(1)?;
        members.push(member);
    }
    members.sort_by(|(one, _), (other, _)| one.as_str().cmp(&other.as_str()));
    Ok(members)
}

/// A number in the one form that equal numbers share: an integer without zeros at either end, times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Of a JSON number; `None` where the exponent leaves 64 bits.
    fn of(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole_digits = whole.trim_start_matches('-');
        let digits = format!("{whole_digits}{fraction}");
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return Some(Decimal { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = digits.len() - digits.trim_end_matches('0').len();
        let exponent: i64 = exponent.parse().ok()?;
        let exponent = exponent.checked_sub(fraction.len() as i64)?.checked_add(zeros as i64)?;
        Some(Decimal { negative: whole.starts_with('-'), digits: significant.to_owned(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value_and_exactly() {
        let same = |one, other| Decimal::of(one) == Decimal::of(other) && Decimal::of(one).is_some();
        for (one, other) in [
            ("1.50", "1.5"),
            ("1.50", "15e-1"),
            ("100", "1E+2"),
            ("-0", "0.0e7"),
            ("0.10", "1e-1"),
            ("-120.0", "-1.2e2"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("1.5", "1.51"),
            ("1", "-1"),
            ("10", "1"),
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.1000000000000000055511151231257827"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
        assert_eq!(Decimal::of("1e99999999999999999999"), None);
    }
}
