//! Decimals as sortable keys with the precision they were written with.

use rust_decimal::Decimal;
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
    if let Some(digits) = Digits::read(text) {
        return Ok(digits.range());
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

/// The range of a number of up to 14 digits without exponent; `None` for every other text.
///
/// Stored index values rely on it: for which texts this is an answer, and which, must not change.
pub(super) fn short(text: &str) -> Option<NumberRange> {
    Digits::read(text).filter(|digits| digits.count <= 14).map(Digits::range)
}

/// A decimal of up to 17 digits without exponent, which doubles printed in full have: `number / 10^fraction`.
#[derive(Clone, Copy)]
struct Digits {
    number: i64,
    /// How many digits are behind the point.
    fraction: usize,
    count: usize,
}

impl Digits {
    /// Reads `-?digits(.digits)?`; `None` for other texts.
    #[inline]
    fn read(text: &str) -> Option<Digits> {
        let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let (mut number, mut count, mut point) = (0i64, 0, None);
        for &byte in digits {
            match byte {
                b'0'..=b'9' if count < 17 => {
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
        Some(Digits { number: if digits.len() < text.len() { -number } else { number }, fraction, count })
    }

    /// Half a unit of the last digit around the number.
    fn range(self) -> NumberRange {
        let key = |tenths: i64| sortable(quotient(tenths, self.fraction + 1));
        let tenths = self.number * 10;
        NumberRange { value: key(tenths), low: key(tenths - 5), high: key(tenths + 5) }
    }
}

/// The double nearest to `number / 10^power`, as reading its text would give; `power` is at most 17.
#[inline]
fn quotient(number: i64, power: usize) -> f64 {
    const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
    const POWERS: [u64; 18] = powers_of_ten();
    let divisor = POWERS[power];
    if number.unsigned_abs() <= EXACT_MAX && divisor <= EXACT_MAX {
        // Both are exact doubles, so the division rounds once.
        return number as f64 / divisor as f64;
    }
    let magnitude = wide_quotient(number.unsigned_abs(), divisor);
    if number < 0 { -magnitude } else { magnitude }
}

const fn powers_of_ten() -> [u64; 18] {
    let mut powers = [1; 18];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
}

/// The key of `number * factor + offset`, each of the two `digits * 10^power`; `None` where the quick way does not go.
pub(super) fn linear(number: &str, factor: (i64, i32), offset: (i64, i32)) -> Option<i64> {
    let digits = Digits::read(number)?;
    let raised = |number: i64, power: i32| number.checked_mul(10i64.checked_pow(power.try_into().ok()?)?);
    let (mut number, mut power) = (digits.number.checked_mul(factor.0)?, factor.1 - digits.fraction as i32);
    if offset.0 != 0 {
        let least = power.min(offset.1);
        number = raised(number, power - least)?.checked_add(raised(offset.0, offset.1 - least)?)?;
        power = least;
    }
    let nearest = match power {
        0.. => quotient(raised(number, power)?, 0),
        -17..0 => quotient(number, power.unsigned_abs() as usize),
        _ => return None,
    };
    Some(sortable(nearest))
}

/// Divides integers to at least 62 bits, marks a remainder in the last one, and rounds that once.
fn wide_quotient(number: u64, divisor: u64) -> f64 {
    if number == 0 {
        return 0.0;
    }
    let (up, down) = (number.leading_zeros(), divisor.leading_zeros());
    let (dividend, divisor) = (u128::from(number << up) << 62, u128::from(divisor << down));
    let bits = (dividend / divisor) as u64 | u64::from(!dividend.is_multiple_of(divisor));
    let exponent = down as i32 - up as i32 - 62;
    bits as f64 * f64::from_bits(((1023 + exponent) as u64) << 52)
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

/// The digits of a decimal without its point, `None` if they are too many, and the power of ten of the last one.
pub(super) fn digits(text: &str) -> Result<(Option<i128>, i32), InvalidNumber> {
    let exponent = last_digit_exponent(text)?;
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(|letter| *letter != '.').collect();
    Ok((digits.parse().ok(), exponent))
}

/// The number behind a [`sortable`] key.
pub fn unsortable(key: i64) -> f64 {
    f64::from_bits((if key < 0 { key ^ i64::MAX } else { key }) as u64)
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
        fn the_quick_way_agrees_with_the_exact_one(
            number in -99_999_999_999_999_999i64..=99_999_999_999_999_999, shift in 0u32..17, scale in 0u32..17,
        ) {
            let text = Decimal::new(number / 10i64.pow(shift), scale).to_string();
            let (low, high) = exact_bounds(&text, -(scale as i32)).expect("in range");
            let value = text.parse::<f64>().expect("a number");
            let exact = NumberRange { value: sortable(value), low: sortable(low), high: sortable(high) };
            for quick in [short(&text), Digits::read(&text).map(Digits::range)].into_iter().flatten() {
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
