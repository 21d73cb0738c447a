//! The one matcher: a query against the index values of one resource. No allocation for what this build wrote.
//!
//! It serves the patient-scoped search, the fresh tail, and what the index cannot decide alone; the Tantivy back end is
//! held equal to it by a property test.

use crate::query::{Comparison, Expr, Leaf, Query, ReferenceMatch, StringMatch, TokenMatch, UnitMatch};
use fhir::definitions::ParamId;
use fhir::index::{Value, Values, renormalize};
use proto::id::{ResourceId, TypeCode};
use std::borrow::Cow;

/// What a search can ask of a resource besides its index values.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its type.
    pub type_code: TypeCode,
    /// Its logical id, for `_id`.
    pub id: &'a ResourceId,
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
}

/// Bytes of a string that take part in a search; what comes after is not looked at.
pub const STRING_BYTES_MAX: usize = 32_000;

/// Whether a resource of the query's tenant matches: type and conditions.
pub fn matches(values: &Values<'_>, facts: &Facts<'_>, query: &Query) -> bool {
    query.is_of_type(facts.type_code) && holds(values, facts, &query.expr)
}

fn holds(values: &Values<'_>, facts: &Facts<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::And(all) => all.iter().all(|expr| holds(values, facts, expr)),
        Expr::Or(any) => any.iter().any(|expr| holds(values, facts, expr)),
        Expr::Not(expr) => !holds(values, facts, expr),
        Expr::Leaf(Leaf::Id(id)) => facts.id == id,
        Expr::Leaf(Leaf::LastUpdated(comparison)) => {
            let at = facts.last_updated_ms as i64;
            comparison.holds(at, at + 1)
        }
        Expr::Leaf(leaf) => leaf_matches(values, leaf),
    }
}

/// Whether one value of the leaf's parameter fulfils it. False for the leaves that ask no index value.
pub(crate) fn leaf_matches(values: &Values<'_>, leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Id(_) | Leaf::LastUpdated(_) => false,
        Leaf::Present(param) => values.of(*param).next().is_some(),
        Leaf::Token(param, token) => values.of(*param).any(|value| token_matches(value, token)),
        Leaf::String(param, string) => values.of(*param).any(|value| string_matches(value, string)),
        Leaf::Reference(param, reference) => {
            values.of(*param).any(|value| reference_matches(value, reference))
        }
        Leaf::Uri(param, uri) => values.of(*param).any(|value| uri_of(value) == Some(uri)),
        Leaf::UriBelow(param, start) => {
            values.of(*param).any(|value| uri_of(value).is_some_and(|uri| uri.starts_with(start.as_str())))
        }
        Leaf::Date(param, comparison) => interval_matches(values, *param, comparison),
        Leaf::Number(param, comparison) => interval_matches(values, *param, comparison),
        Leaf::Quantity(param, comparison, unit) => {
            let mut found = values.of(*param);
            found.any(|value| {
                unit_matches(value, unit)
                    && interval(&value).is_some_and(|(low, high)| comparison.holds(low, high))
            })
        }
    }
}

fn token_matches(value: Value<'_>, token: &TokenMatch) -> bool {
    let Value::Token { system, code } = value else { return false };
    match token {
        TokenMatch::Code(wanted) => code == Some(wanted),
        TokenMatch::Full(wanted_system, wanted) => system == Some(wanted_system) && code == Some(wanted),
        TokenMatch::NoSystem(wanted) => system.is_none() && code == Some(wanted),
        TokenMatch::System(wanted) => system == Some(wanted),
        TokenMatch::OneOf(wanted) => code.is_some_and(|code| wanted.has(system, code)),
    }
}

fn string_matches(value: Value<'_>, string: &StringMatch) -> bool {
    let Value::String { normalized, exact } = value else { return false };
    match string {
        StringMatch::Prefix(wanted) => folded(normalized).starts_with(wanted.as_str()),
        StringMatch::Contains(wanted) => {
            memchr::memmem::find(folded(normalized).as_bytes(), wanted.as_bytes()).is_some()
        }
        StringMatch::Exact(wanted) => searchable(exact) == wanted,
    }
}

fn reference_matches(value: Value<'_>, reference: &ReferenceMatch) -> bool {
    match (value, reference) {
        (Value::Reference { type_code, id, .. }, ReferenceMatch::Resource(wanted_type, wanted)) => {
            type_code == wanted_type.0 && id == wanted.as_str()
        }
        (Value::ReferenceUrl { url, .. }, ReferenceMatch::Url(wanted)) => url == wanted,
        _ => false,
    }
}

fn uri_of(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Uri(uri) | Value::ReferenceUrl { url: uri, .. } => Some(uri),
        _ => None,
    }
}

fn unit_matches(value: Value<'_>, unit: &UnitMatch) -> bool {
    let Value::Quantity { system, code, unit: printed, .. } = value else { return false };
    match unit {
        UnitMatch::Any => true,
        UnitMatch::Unit(wanted) => code == Some(wanted) || printed == Some(wanted),
        UnitMatch::Coded(wanted_system, wanted) => system == Some(wanted_system) && code == Some(wanted),
    }
}

fn interval_matches(values: &Values<'_>, param: ParamId, comparison: &Comparison) -> bool {
    values.of(param).any(|value| interval(&value).is_some_and(|(low, high)| comparison.holds(low, high)))
}

/// The half-open interval of an ordered value: a number as written is a point, a range is itself.
pub(crate) fn interval(value: &Value<'_>) -> Option<(i64, i64)> {
    match *value {
        Value::Date { low_ms, high_ms } => Some((low_ms, high_ms)),
        Value::Number { value, low, high, text } | Value::Quantity { value, low, high, text, .. } => {
            Some(if text.is_empty() { (low, high) } else { (value, value.saturating_add(1)) })
        }
        _ => None,
    }
}

/// The part of a normalised string that takes part in a search. Rows of an older build are folded further here, so that they are
/// found as what is written today: they alone are copied.
pub(crate) fn folded(normalized: &str) -> Cow<'_, str> {
    renormalize(searchable(normalized))
}

/// The part of a string that takes part in a search.
pub(crate) fn searchable(text: &str) -> &str {
    &text[..text.floor_char_boundary(STRING_BYTES_MAX)]
}
