//! Which of what a match contains is why it matches.

use crate::facts::Facts;
use crate::kind::contained::ContainedMatch;
use crate::matcher::holds;
use crate::query::{Expr, Leaf, Query};
use fhir::definitions::ParamId;
use fhir::index::{Contained, Value, Values};

impl Query {
    /// Of a match of a search that looks inside others (`_contained`): whether it is found by itself, and which of the resources that it
    /// contains are.
    pub fn found_inside<'v>(&self, values: &Values<'v>, facts: &Facts<'_>) -> (bool, Vec<Contained<'v>>) {
        let own = self.inside.as_ref().and_then(|inside| inside.own.as_ref());
        let is_own = own.is_some_and(|expr| holds(values, facts, expr));
        let mut asked = Vec::new();
        gather(&self.expr, &mut asked);
        let contained = values.of(ParamId::CONTAINED).filter_map(|value| match value {
            Value::Contained(one) if asked.iter().any(|asked| asked.is(&one)) => Some(one),
            _ => None,
        });
        (is_own, contained.collect())
    }
}

/// The conditions on what stands inside, whatever refers to it.
fn gather<'e>(expr: &'e Expr, into: &mut Vec<&'e ContainedMatch<Expr>>) {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().for_each(|one| gather(one, into)),
        Expr::Leaf(Leaf::Contained(None, contained)) => into.push(contained),
        Expr::Not(_) | Expr::Leaf(_) => {}
    }
}
