//! https://hl7.org/fhir/R4/search.html#number

use super::comparison::{Comparison, Prefix};
use super::condition::Condition;
use super::index::{Column, Interval, Lookup, Place};
use super::offer::{Asked, Kind};
use super::problem::Problem;
use super::text::unescape;
use fhir::index::{InvalidNumber, Measure, NumberRange, Value, decimal_range, sortable};

/// What a number takes.
pub const KIND: Kind<NumberMatch> = Kind { name: "number", plain: read, prefixes: PREFIXES, modifiers: &[] };

/// Those of a quantity's number, too.
pub const PREFIXES: &[Prefix] = &Prefix::ALL;

/// A condition on decimals and integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberMatch(pub Comparison);

fn read(_: &Asked<'_>, part: &str, all: &mut Vec<NumberMatch>) -> Result<(), Problem> {
    all.push(NumberMatch(parse(part)?));
    Ok(())
}

/// The interval of a number: for `eq` and `ne` what its digits stand for, for `ap` a tenth around it, else the number
/// itself.
pub fn parse(part: &str) -> Result<Comparison, Problem> {
    let tenth = |number: &str| {
        let number: f64 = number.parse().map_err(|_| InvalidNumber)?;
        let tenth = number.abs() / 10.0;
        Ok((sortable(number - tenth), sortable(number + tenth)))
    };
    compare(part, decimal_range, tenth)
}

/// The same of a number of a unit, in base units.
pub fn parse_measured(part: &str, measure: &Measure) -> Result<Comparison, Problem> {
    compare(part, |number| measure.range(number), |number| measure.tenth(number))
}

fn compare(
    part: &str,
    range: impl Fn(&str) -> Result<NumberRange, InvalidNumber>,
    tenth: impl Fn(&str) -> Result<(i64, i64), InvalidNumber>,
) -> Result<Comparison, Problem> {
    let text = unescape(part);
    let (prefix, number) = Prefix::split(&text, PREFIXES);
    let unusable =
        |_| Problem::unusable(format!("'{text}' is no number: write [prefix][number], such as gt5.4"));
    let range = range(number).map_err(unusable)?;
    let (low, high) = match prefix {
        Prefix::Eq | Prefix::Ne => (range.low, range.high),
        Prefix::Ap => {
            let (low, high) = tenth(number).map_err(unusable)?;
            (low, high + 1)
        }
        _ => (range.value, range.value + 1),
    };
    Ok(Comparison { prefix, low, high: high.max(low + 1) })
}

/// The half-open interval of a decimal value: a number as written is a point, and of a range the greater end is meant, too.
#[inline]
pub fn interval(value: i64, low: i64, high: i64, text: &str) -> (i64, i64) {
    if text.is_empty() { (low, high.saturating_add(1)) } else { (value, value.saturating_add(1)) }
}

impl Condition for NumberMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Number { value, low, high, text } = value else { return false };
        let (low, high) = interval(value, low, high, text);
        self.0.holds(low, high)
    }

    fn canonical(&self) -> Result<String, proto::Error> {
        Ok(self.0.canonical())
    }

    fn lookup(&self, _: Place) -> Lookup {
        Lookup::None
    }

    fn interval(&self) -> Option<Interval> {
        Some(Interval { column: Column::Number, comparison: self.0, narrowed: false })
    }
}
