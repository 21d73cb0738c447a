//! <https://hl7.org/fhir/R4/search.html#number>

use super::{Asked, Key};
use crate::naive::{
    select::{Found, member},
    text::unescape,
};
use anyhow::{Context, bail};
use fhir::json::Node;

/// Numbers are counted in so many parts of one.
pub const ONE: i128 = 100_000_000_000_000_000_000;
const DIGITS: i32 = 20;

/// From the least value that is meant to the greatest, both of them included.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub low: i128,
    pub high: i128,
}

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let text = unescape(asked.value);
    for range in found.iter().filter_map(of) {
        if compare(&text, range)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    found.iter().filter_map(of).map(|range| Key::Number(range.low)).collect()
}

fn of(found: &Found<'_>) -> Option<Range> {
    match found.node() {
        Some(node) if found.is("Range") => range(node),
        _ => point(&found.text()?),
    }
}

/// One value.
pub fn point(text: &str) -> Option<Range> {
    let (value, _) = read(text).ok()?;
    Some(Range { low: value, high: value })
}

/// A FHIR Range: an end that is not told is open.
pub fn range(node: Node<'_>) -> Option<Range> {
    let end = |name: &str| Some(read(&member(node.get(name)?, "value")?).ok()?.0);
    match (end("low"), end("high")) {
        (None, None) => None,
        (low, high) => Some(Range { low: low.unwrap_or(i128::MIN), high: high.unwrap_or(i128::MAX) }),
    }
}

/// Whether it fulfils what a prefix and a number ask: <https://hl7.org/fhir/R4/search.html#prefix>. Only `eq` and `ne` heed how many
/// digits the number has.
pub fn compare(text: &str, it: Range) -> anyhow::Result<bool> {
    compare_in(text, it, |number| number)
}

/// The same where it is of another unit than the number, and `converted` makes that one's of this one's.
pub fn compare_in(text: &str, it: Range, converted: impl Fn(i128) -> i128) -> anyhow::Result<bool> {
    let letters = text.find(|c: char| c == '-' || c.is_ascii_digit()).unwrap_or(0);
    let (prefix, number) = text.split_at(letters);
    let (written, half) = read(number)?;
    let value = converted(written);
    let inside = converted(written - half) <= it.low && it.high < converted(written + half);
    let (above, below) = (it.high > value, it.low < value);
    let exactly = it.low == value && it.high == value;
    let tenth = written.abs() / 10;
    Ok(match prefix {
        "" | "eq" => inside,
        "ne" => !inside,
        "gt" => above,
        "lt" => below,
        "ge" => above || exactly,
        "le" => below || exactly,
        "sa" => it.low > value,
        "eb" => it.high < value,
        "ap" => it.low <= converted(written + tenth) && it.high >= converted(written - tenth),
        other => bail!("no prefix: {other}"),
    })
}

/// The number, and half a unit of its last digit.
fn read(text: &str) -> anyhow::Result<(i128, i128)> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number: i128 = format!("{whole}{fraction}").parse().with_context(|| format!("no number: {text}"))?;
    let power = exponent - fraction.len() as i32;
    let unit = match power {
        ..=0 => ONE / 10_i128.checked_pow(power.unsigned_abs()).context("too small")?,
        _ => ONE * 10_i128.pow(power.unsigned_abs()),
    };
    if power <= -DIGITS {
        bail!("too many digits: {text}");
    }
    Ok((number.checked_mul(unit).context("too large")?, unit / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_says_the_precision() {
        for (text, low, high) in [
            ("100", "99.5", "100.5"),
            ("100.00", "99.995", "100.005"),
            ("1e2", "50", "150"),
            ("-5.4", "-5.45", "-5.35"),
            ("0", "-0.5", "0.5"),
        ] {
            let (value, half) = read(text).unwrap();
            let ends = (value - half, value + half);
            assert_eq!(ends, (read(low).unwrap().0, read(high).unwrap().0), "{text}");
        }
    }
}
