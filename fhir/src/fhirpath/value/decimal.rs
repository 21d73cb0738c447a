//! Decimals from text, and the precision they were written with.

use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;

/// Digits with an optional sign, fraction and exponent. More than 28 significant digits are rounded; `None` for anything
/// else, and for what is beyond 28 digits before the point.
pub(in crate::fhirpath) fn parse_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|letter: char| letter.is_ascii_digit()) || digits.ends_with('.') {
        return None;
    }
    match digits.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        true => Decimal::from_scientific(text).ok(),
        // `from_str` takes underscores between digits.
        false if digits.contains('_') => None,
        false => text.parse().ok(),
    }
}

/// Both rounded to the fewer digits after the point of the two, trailing zeros not counted.
pub(in crate::fhirpath) fn round_to_least(one: Decimal, other: Decimal) -> (Decimal, Decimal) {
    let scale = one.normalize().scale().min(other.normalize().scale());
    let round = |value: Decimal| value.round_dp_with_strategy(scale, MidpointAwayFromZero);
    (round(one), round(other))
}
