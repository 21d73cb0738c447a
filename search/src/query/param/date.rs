//! https://hl7.org/fhir/R4/search.html#date

use super::super::comparison::{Comparison, Prefix};
use super::super::problem::Problem;
use super::super::value::unescape;
use fhir::index::date_range;

/// The interval of a date value. `ap` widens it by a tenth of its distance from now.
pub(in super::super) fn comparison(part: &str, now_ms: i64) -> Result<Comparison, Problem> {
    let text = unescape(part);
    let (prefix, date) = Prefix::split(&text);
    // A plus sign that was not percent-encoded arrives as a space.
    let date = date.replace(' ', "+");
    let (low, high) = date_range(&date).map_err(|_| {
        Problem::unusable(format!(
            "'{text}' is no date: write [prefix]yyyy-mm-ddThh:mm:ss[Z|(+|-)hh:mm], or a start of it"
        ))
    })?;
    let widen = match prefix {
        Prefix::Ap => now_ms.saturating_sub(low).saturating_abs() / 10,
        _ => 0,
    };
    Ok(Comparison { prefix, low: low - widen, high: high + widen })
}
