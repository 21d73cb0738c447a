//! Which parameters there are, before any value is looked at.

use super::words;
use crate::kind::problem::Problem;
use fhir::definitions::SearchParameter;
use fhir::index::FullText;

/// Parameters that say how to answer, not what to find; others take them, and they do not matter here.
pub(super) const PRESENTATION: &[&str] = &["_format", "_pretty", "_elements"];

/// Whether searches take the parameter, as far as that can be told without a value: what a server may say of itself.
pub fn is_offered(parameter: &SearchParameter, kept: FullText) -> bool {
    let is_kept = !words::is_one(&parameter.code) || words::check_kept(&parameter.code, kept).is_ok();
    is_kept && refuse_later(&parameter.code, None).is_ok()
}

/// What FHIR has and a later version of this server will: named, so that nobody takes it for a misspelling. What would
/// choose among resources is never left out: the answer would be what nobody asked for.
pub(super) fn refuse_later(base: &str, modifier: Option<&str>) -> Result<(), Problem> {
    const CHOOSING: &[&str] = &["_query"];
    /// Given to the whole search, so no modifier has a meaning.
    const PLAIN: &[&str] = &[
        "_filter",
        "_list",
        "_id",
        "_lastUpdated",
        "_text",
        "_content",
        "_type",
        "_count",
        "_total",
        "_summary",
        "_explain",
        "_sort",
        "_contained",
        "_containedType",
        "_score",
        "_maxresults",
    ];
    if CHOOSING.contains(&base) {
        return Err(Problem::unsupported("not supported yet"));
    }
    match modifier {
        Some(modifier) if PLAIN.contains(&base) || PRESENTATION.contains(&base) => {
            Err(Problem::unsupported(format!("it takes no modifier, and ':{modifier}' is one")))
        }
        _ => Ok(()),
    }
}
