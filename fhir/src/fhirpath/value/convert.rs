//! Values of one type as another (<https://hl7.org/fhirpath/N1/#conversion>).

use super::{Quantity, Unit, Value, parse_decimal};
use crate::fhirpath::ast::CalendarUnit;
use rust_decimal::Decimal;

impl Value<'_> {
    /// A quantity, or a number as a quantity without unit.
    pub(in crate::fhirpath) fn as_quantity(&self) -> Option<Quantity> {
        match self {
            Value::Quantity(quantity) => Some((**quantity).clone()),
            _ => Some(Quantity { value: self.as_decimal()?, unit: Unit::one() }),
        }
    }
}

/// The words and numbers that mean true or false.
pub(in crate::fhirpath) fn parse_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// `1`, `1.5 'mg'`, `4 days`.
pub(in crate::fhirpath) fn parse_quantity(text: &str) -> Option<Quantity> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '+' | '-' | '.'));
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    let value: Decimal = parse_decimal(number)?;
    let unit = match rest.trim_start() {
        "" if rest.is_empty() => Unit::one(),
        quoted if quoted.starts_with('\'') => {
            let unit = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
            (!unit.is_empty() && !unit.contains('\'')).then(|| Unit::Ucum(unit.into()))?
        }
        word if word.len() < rest.len() => Unit::Calendar(CalendarUnit::from_word(word)?),
        _ => return None,
    };
    Some(Quantity { value, unit })
}
