//! `_lastUpdated`, which asks no index value: https://hl7.org/fhir/R4/search.html#lastUpdated

use super::condition::Condition;
use super::date::{self, DateMatch};
use super::problem::Problem;
use super::text::split;

/// The conditions of a value, one of which has to hold.
pub fn parse(text: &str, now_ms: i64) -> Result<Vec<DateMatch>, Problem> {
    split(text, b',').into_iter().map(|part| date::parse(part, now_ms)).collect()
}

/// Whether a resource that was written at that moment fulfils it.
#[inline]
pub fn holds(date: &DateMatch, last_updated_ms: u64) -> bool {
    let at = last_updated_ms as i64;
    date.0.holds(at, at + 1)
}

/// The canonical text.
pub fn canonical(date: &DateMatch) -> Result<String, proto::Error> {
    Ok(format!("_lastUpdated{}", date.canonical()?))
}
