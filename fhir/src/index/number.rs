//! Decimals as sortable keys with the precision they were written with.

use rust_decimal::Decimal;
use std::fmt::{self, Write};
use std::str::FromStr;
use thiserror::Error;

/// Not a FHIR decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a decimal number")]
pub struct InvalidNumber;

/// A number and the interval its digits stand for, all as [`sortable`] keys.
///
/// `low..high` is half a unit of the last written digit around the value: `100` is 99.5 to 100.5, `100.00` is 99.995 to
/// 100.005, `1e2` is 50 to 150 (<https://hl7.org/fhir/R4/search.html#number>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberRange {
    pub value: i64,
    pub low: i64,
    pub high: i64,
}

/// A key of `number` that sorts as numbers do; both zeros have the same key. No NaN can come from FHIR text.
///
/// It is the nearest double with its bits turned into an ordered integer. Equal decimals have equal keys, and a smaller
/// decimal never has the greater key; decimals that differ only beyond the sixteenth significant digit may share a key,
/// which the kept text can tell apart.
pub fn sortable(number: f64) -> i64 {
    let bits = (number + 0.0).to_bits() as i64; // -0.0 + 0.0 is 0.0
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The keys of a decimal text such as `-1.50` or `1.2e-3`.
///
/// The bounds are computed exactly up to 28 digits; numbers longer or farther from one than that get bounds computed in
/// doubles. Numbers beyond the doubles (`1e400`) are an error.
pub fn decimal_range(text: &str) -> Result<NumberRange, InvalidNumber> {
    if let Some(range) = short(text).or_else(|| long(text)) {
        return Ok(range);
    }
    let exponent = last_digit_exponent(text)?;
    let value: f64 = text.parse().map_err(|_| InvalidNumber)?;
    if !value.is_finite() {
        return Err(InvalidNumber);
    }
    let (low, high) = exact_bounds(text, exponent).unwrap_or_else(|| {
        let half = 0.5 * 10f64.powi(exponent);
        (value - half, value + half)
    });
    Ok(NumberRange { value: sortable(value), low: sortable(low), high: sortable(high) })
}

/// The numbers of most resources: up to 14 digits, no exponent. Digits and power of ten are exact doubles then, so
/// one division gives the nearest double, as reading the text would.
///
/// Stored index values rely on it: for which texts this is an answer, and which, must not change.
pub(super) fn short(text: &str) -> Option<NumberRange> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (number, fraction) = digits::<14>(text)?;
    let key = |tenths: i64| sortable(tenths as f64 / POWERS[fraction + 1]);
    Some(NumberRange { value: key(number * 10), low: key(number * 10 - 5), high: key(number * 10 + 5) })
}

/// Doubles printed in full: up to 17 digits, no exponent. The bounds have one digit more and are read as texts.
fn long(text: &str) -> Option<NumberRange> {
    let (number, fraction) = digits::<17>(text)?;
    let mut written = ArrayText::default();
    let mut key = |tenths: i64| {
        written.len = 0;
        write!(written, "{tenths}e-{}", fraction + 1).ok()?;
        Some(sortable(written.text().parse().ok()?))
    };
    Some(NumberRange {
        value: sortable(text.parse().ok()?),
        low: key(number * 10 - 5)?,
        high: key(number * 10 + 5)?,
    })
}

/// The digits of `-?digits(.digits)?` as one number and how many of them are behind the point; `None` for other texts
/// and for more than `MAX` digits, which is at most 17.
#[inline]
fn digits<const MAX: usize>(text: &str) -> Option<(i64, usize)> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let (mut number, mut count, mut point) = (0i64, 0, None);
    for &byte in digits {
        match byte {
            b'0'..=b'9' if count < MAX => {
                number = number * 10 + i64::from(byte - b'0');
                count += 1;
            }
            b'.' if point.is_none() && count > 0 => point = Some(count),
            _ => return None,
        }
    }
    if count == 0 || point == Some(count) {
        return None;
    }
    let fraction = point.map_or(0, |point| count - point);
    Some((if digits.len() < text.len() { -number } else { number }, fraction))
}

/// Room for a sign, 18 digits and an exponent.
#[derive(Default)]
struct ArrayText {
    bytes: [u8; 32],
    len: usize,
}

impl ArrayText {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for ArrayText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        free.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

/// Through the decimal text, so that the bound `99.995` has the key of a search for `99.995`.
fn exact_bounds(text: &str, exponent: i32) -> Option<(f64, f64)> {
    let value = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    let half = match exponent {
        -27..=0 => Decimal::try_new(5, exponent.unsigned_abs() + 1).ok()?,
        1..=27 => Decimal::from(5)
            .checked_mul(Decimal::try_from_i128_with_scale(10i128.pow(exponent as u32 - 1), 0).ok()?)?,
        _ => return None,
    };
    let parse = |bound: Decimal| bound.to_string().parse::<f64>().ok();
    Some((parse(value.checked_sub(half)?)?, parse(value.checked_add(half)?)?))
}

/// The power of ten the last written digit stands for; an error if the text is not `-?digits(.digits)?([eE][+-]?digits)?`.
fn last_digit_exponent(text: &str) -> Result<i32, InvalidNumber> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| InvalidNumber)?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(InvalidNumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let whole = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 1000 {
        return Err(InvalidNumber);
    }
    exponent.checked_sub(fraction.len() as i32).ok_or(InvalidNumber)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds(text: &str) -> (i64, i64, i64) {
        let range = decimal_range(text).expect(text);
        (range.low, range.value, range.high)
    }

    #[test]
    fn the_last_digit_says_the_precision() {
        for (text, low, value, high) in [
            ("100", 99.5, 100.0, 100.5),
            ("100.00", 99.995, 100.0, 100.005),
            ("1e2", 50.0, 100.0, 150.0),
            ("1.2e-3", 0.00115, 0.0012, 0.00125),
            ("-5.4", -5.45, -5.4, -5.35),
            ("0", -0.5, 0.0, 0.5),
            ("0.1", 0.05, 0.1, 0.15),
        ] {
            assert_eq!(bounds(text), (sortable(low), sortable(value), sortable(high)), "{text}");
        }
        assert_eq!(sortable(-0.0), sortable(0.0));
    }

    #[test]
    fn long_and_far_numbers_still_have_an_interval() {
        for text in [
            "1e300",
            "1e-300",
            "123456789012345678901234567890123456789",
            "0.00000000000000000000000000000000001",
        ] {
            let (low, value, high) = bounds(text);
            assert!(low <= value && value <= high, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for text in
            ["", "-", ".5", "5.", "1e", "1e400", "NaN", "inf", "1_0", "0x1", "1,5", " 1", "1e99999999999"]
        {
            assert_eq!(decimal_range(text), Err(InvalidNumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn both_quick_ways_agree_with_the_exact_one(
            number in -99_999_999_999_999_999i64..=99_999_999_999_999_999, shift in 0u32..17, scale in 0u32..17,
        ) {
            let text = Decimal::new(number / 10i64.pow(shift), scale).to_string();
            let (low, high) = exact_bounds(&text, -(scale as i32)).expect("in range");
            let value = text.parse::<f64>().expect("a number");
            let exact = NumberRange { value: sortable(value), low: sortable(low), high: sortable(high) };
            for quick in [short(&text), long(&text)].into_iter().flatten() {
                prop_assert_eq!(quick, exact, "{}", text);
            }
        }

        #[test]
        fn keys_sort_as_numbers_do(a in any::<i32>(), b in any::<i32>(), scale in 0u32..9) {
            let (a, b) = (Decimal::new(a.into(), scale), Decimal::new(b.into(), scale));
            let key = |number: Decimal| decimal_range(&number.to_string()).expect("a decimal").value;
            prop_assert_eq!(a.cmp(&b), key(a).cmp(&key(b)));
        }
    }
}
