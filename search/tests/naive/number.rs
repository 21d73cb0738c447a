//! Decimal numbers, in whole ten-thousandths.

pub const ONE: i64 = 10_000;

/// The number, and half of its last digit: `1.0` stands for 0.95 up to 1.05, `1` for 0.5 up to 1.5.
pub fn read(text: &str) -> (i64, i64) {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 3, "half of a digit must be whole");
    let unit = ONE / 10_i64.pow(fraction.len() as u32);
    let value: i64 = format!("{whole}{fraction}").parse().expect("digits");
    (sign * value * unit, unit / 2)
}
