//! The one matcher: a query against the index values of one resource. No allocation for what this build wrote.
//!
//! It serves the patient-scoped search, the fresh tail, and what the index cannot decide alone; the Tantivy back end is
//! held equal to it by a property test.

use crate::facts::Facts;
use crate::kind::condition::Condition;
use crate::kind::contained::{ContainedMatch, Whole};
use crate::kind::last_updated;
use crate::kind::present::Present;
use crate::query::{Expr, Leaf, Query};
use fhir::definitions::ParamId;
use fhir::index::{Value, Values};

/// Whether a resource of the query's tenant matches: type and conditions.
pub fn matches(values: &Values<'_>, facts: &Facts<'_>, query: &Query) -> bool {
    query.is_of_type(facts.type_code) && holds(values, facts, &query.expr)
}

/// Whether a resource fulfils a condition.
pub(crate) fn holds(values: &Values<'_>, facts: &Facts<'_>, expr: &Expr) -> bool {
    match expr {
        Expr::And(all) => all.iter().all(|expr| holds(values, facts, expr)),
        Expr::Or(any) => any.iter().any(|expr| holds(values, facts, expr)),
        Expr::Not(expr) => !holds(values, facts, expr),
        Expr::Leaf(Leaf::Id(id)) => facts.id == id,
        Expr::Leaf(Leaf::LastUpdated(date)) => last_updated::holds(date, facts.last_updated_ms),
        Expr::Leaf(Leaf::Type(type_code)) => facts.type_code == *type_code,
        Expr::Leaf(Leaf::OneOf(among)) => among.has(facts.type_code, facts.id),
        Expr::Leaf(leaf) => leaf_matches(values, leaf),
    }
}

/// Whether one value of the leaf's parameter fulfils it. False for the leaves that ask no index value.
pub(crate) fn leaf_matches(values: &Values<'_>, leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Id(_) | Leaf::LastUpdated(_) | Leaf::Type(_) | Leaf::OneOf(_) => false,
        Leaf::Present(param) => any(values, *param, &Present),
        Leaf::Token(param, token) => any(values, *param, token),
        Leaf::String(param, string) => any(values, *param, string),
        Leaf::Reference(param, reference) => any(values, *param, reference),
        Leaf::Uri(param, uri) => any(values, *param, uri),
        Leaf::Date(param, date) => any(values, *param, date),
        Leaf::Number(param, number) => any(values, *param, number),
        Leaf::Quantity(param, quantity) => any(values, *param, quantity),
        Leaf::Composite(param, composite) => any(values, *param, composite),
        Leaf::Near(param, near) => any(values, *param, near),
        Leaf::Words(param, words) => any(values, *param, words),
        Leaf::Except(param, except) => any(values, *param, except),
        Leaf::Refers(param, among) => any(values, *param, among),
        Leaf::Contained(by, contained) => contains(values, *by, contained),
    }
}

/// Whether a resource of those values contains one that fulfils it, and refers to that by the parameter where one is named.
fn contains(values: &Values<'_>, by: Option<ParamId>, contained: &ContainedMatch<Expr>) -> bool {
    values.of(ParamId::CONTAINED).any(|value| {
        let Value::Contained(one) = value else { return false };
        let refers = |param| values.of(param).any(|value| value == Value::ReferenceContained(one.id));
        by.is_none_or(refers) && contained.is(&one)
    })
}

impl Whole for Expr {
    fn holds(&self, values: &Values<'_>) -> bool {
        match self {
            Expr::And(all) => all.iter().all(|expr| Whole::holds(expr, values)),
            Expr::Or(any) => any.iter().any(|expr| Whole::holds(expr, values)),
            Expr::Not(expr) => !Whole::holds(&**expr, values),
            Expr::Leaf(leaf) => leaf_matches(values, leaf),
        }
    }

    fn count(&self) -> usize {
        self.conditions()
    }
}

/// Made for each kind, so that a value costs no call by pointer.
#[inline]
fn any(values: &Values<'_>, param: ParamId, condition: &impl Condition) -> bool {
    values.of(param).any(|value| condition.holds(value))
}
