//! https://hl7.org/fhir/R4/search.html#date

use super::comparison::{Comparison, Prefix};
use super::condition::Condition;
use super::index::{Column, Interval, Lookup, Place};
use super::offer::{Asked, Kind};
use super::problem::Problem;
use super::text::unescape;
use fhir::index::{Value, date_range};
use proto::{Code, Error};

/// What a date takes.
pub const KIND: Kind<DateMatch> = Kind { name: "date", plain: read, prefixes: PREFIXES, modifiers: &[] };

const PREFIXES: &[Prefix] = &Prefix::ALL;

/// A condition on dates and periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateMatch(pub Comparison);

fn read(asked: &Asked<'_>, part: &str, all: &mut Vec<DateMatch>) -> Result<(), Problem> {
    all.push(parse(part, asked.context.now_ms)?);
    Ok(())
}

/// The condition of a date value. `ap` widens its interval by a tenth of its distance from now.
pub fn parse(part: &str, now_ms: i64) -> Result<DateMatch, Problem> {
    let text = unescape(part);
    let (prefix, date) = Prefix::split(&text, PREFIXES);
    // A plus sign that was not percent-encoded arrives as a space.
    let date = date.replace(' ', "+");
    let (low, high) = date_range(&date).map_err(|_| no_date(&text))?;
    let widen = match prefix {
        Prefix::Ap => now_ms.saturating_sub(low).saturating_abs() / 10,
        _ => 0,
    };
    Ok(DateMatch(Comparison { prefix, low: low - widen, high: high + widen }))
}

/// Periods that overlap with the one that a date without prefix stands for.
pub fn overlap(date: &str) -> Result<DateMatch, Problem> {
    let (low, high) = date_range(date).map_err(|_| no_date(date))?;
    Ok(DateMatch(Comparison { prefix: Prefix::Overlaps, low, high }))
}

fn no_date(text: &str) -> Problem {
    Problem::unusable(format!(
        "'{text}' is no date: write [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], or a start of it"
    ))
}

impl Condition for DateMatch {
    #[inline]
    fn holds(&self, value: Value<'_>) -> bool {
        let Value::Date { low_ms, high_ms } = value else { return false };
        self.0.holds(low_ms, high_ms)
    }

    fn canonical(&self) -> Result<String, Error> {
        if self.0.prefix == Prefix::Ap {
            let text =
                "the prefix 'ap' of a date means something else at every moment; write a date or a range";
            return Err(Error::new(Code::BadParameter, text));
        }
        Ok(self.0.canonical())
    }

    fn lookup(&self, _: Place) -> Lookup {
        Lookup::None
    }

    fn interval(&self) -> Option<Interval> {
        Some(Interval { column: Column::Date, comparison: self.0, narrowed: false })
    }
}
