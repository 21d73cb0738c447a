//! https://hl7.org/fhir/R4/search.html#string

use super::super::expr::{Expr, Leaf, StringMatch};
use super::super::problem::Problem;
use super::super::value::unescape;
use fhir::definitions::ParamId;
use fhir::index::normalize;

pub(super) fn compile(param: ParamId, modifier: Option<&str>, part: &str) -> Result<Expr, Problem> {
    let text = unescape(part);
    let normal = || normalize(&text).into_owned();
    let matching = match modifier {
        Some("exact") => StringMatch::Exact(text),
        Some("contains") => StringMatch::Contains(normal()),
        _ => StringMatch::Prefix(normal()),
    };
    match &matching {
        // A value of combining marks only: it would match everything.
        StringMatch::Contains(text) | StringMatch::Prefix(text) if text.is_empty() => {
            Err(Problem::unusable("a value is empty"))
        }
        _ => Ok(Expr::Leaf(Leaf::String(param, matching))),
    }
}
