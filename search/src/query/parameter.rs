//! The condition of one parameter, read by its kind.

use super::expr::{Expr, Leaf};
use crate::kind::offer::{Asked, Kind};
use crate::kind::problem::Problem;
use crate::kind::{self, date, number, present, quantity, reference, string, text, token, uri};
use fhir::definitions::{ParamId, ParamKind, SearchParameter};

/// How much the values of a search may come to.
pub(super) struct Budget {
    /// Values of one parameter.
    pub values_max: usize,
    /// Conditions of the whole search, for the error.
    pub conditions_max: usize,
    /// Conditions that the rest of the search may stand for.
    pub conditions_left: usize,
}

impl Budget {
    /// Counts the conditions of one value: a short text may stand for very many.
    pub(super) fn take(&mut self, value: &Expr) -> Result<(), Problem> {
        let left = self.conditions_left.checked_sub(value.conditions());
        self.conditions_left = left.ok_or_else(|| {
            let max = self.conditions_max;
            Problem::Limit(format!(
                "its values stand for more conditions than the {max} a search may have; write [type]/[id] for ids, name fewer values"
            ))
        })?;
        Ok(())
    }
}

/// The condition of `parameter[:modifier]=text`.
pub(super) fn compile(asked: &Asked<'_>, text: &str, budget: &mut Budget) -> Result<Expr, Problem> {
    if asked.modifier == Some("missing") {
        return missing(asked.parameter, text);
    }
    match asked.parameter.kind {
        ParamKind::String => any(&string::KIND, Leaf::String, asked, text, budget),
        ParamKind::Token => any(&token::KIND, Leaf::Token, asked, text, budget),
        ParamKind::Reference => any(&reference::KIND, Leaf::Reference, asked, text, budget),
        ParamKind::Uri => any(&uri::KIND, Leaf::Uri, asked, text, budget),
        ParamKind::Date => any(&date::KIND, Leaf::Date, asked, text, budget),
        ParamKind::Number => any(&number::KIND, Leaf::Number, asked, text, budget),
        ParamKind::Quantity => any(&quantity::KIND, Leaf::Quantity, asked, text, budget),
        kind @ (ParamKind::Composite | ParamKind::Special) => {
            Err(Problem::unsupported(format!("{kind:?} parameters are not supported yet")))
        }
    }
}

/// Whether searches take parameters of that kind.
pub(super) fn is_searched(kind: ParamKind) -> bool {
    kind::offered(kind).is_some()
}

/// One of the values has to hold, or with some modifiers none of them.
fn any<C: 'static>(
    kind: &Kind<C>,
    leaf: impl Fn(ParamId, C) -> Leaf,
    asked: &Asked<'_>,
    text: &str,
    budget: &mut Budget,
) -> Result<Expr, Problem> {
    let (read, negates) = match asked.modifier {
        None => (kind.plain, false),
        Some(name) => {
            let modifier = kind.modifier(asked.parameter, name).ok_or_else(|| {
                Problem::unsupported(format!(
                    "the modifier ':{name}' is not supported here; {}",
                    kind.offer()
                ))
            })?;
            (modifier.read, modifier.negates)
        }
    };
    let parts = text::split(text, b',');
    if parts.len() > budget.values_max {
        return Err(Problem::too_many_values(parts.len(), budget.values_max));
    }
    let mut any = Vec::with_capacity(parts.len());
    let mut conditions = Vec::new();
    for part in parts {
        if part.is_empty() {
            return Err(Problem::unusable("a value is empty"));
        }
        read(asked, part, &mut conditions)?;
        let mut leaves = conditions.drain(..).map(|one| Expr::Leaf(leaf(asked.parameter.id, one)));
        let value = match (leaves.next(), leaves.len()) {
            (Some(one), 0) => one,
            (first, _) => Expr::Or(first.into_iter().chain(leaves).collect()),
        };
        budget.take(&value)?;
        any.push(value);
    }
    let any = Expr::or(any);
    Ok(if negates { Expr::Not(Box::new(any)) } else { any })
}

fn missing(parameter: &SearchParameter, text: &str) -> Result<Expr, Problem> {
    if matches!(parameter.kind, ParamKind::Special) || matches!(parameter.code, "_id" | "_lastUpdated") {
        return Err(Problem::unsupported("':missing' is not supported here"));
    }
    let present = Expr::Leaf(Leaf::Present(parameter.id));
    Ok(if present::is_missing(text)? { Expr::Not(Box::new(present)) } else { present })
}
