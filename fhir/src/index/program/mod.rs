//! All search parameters of a resource type as one program.
//!
//! Expressions that are paths (all of R4's but one) are merged into a plan: one walk over the resource follows them all,
//! and the plan's ends convert what is met. Any other expression is left to FHIRPath's evaluator, and what it gives goes
//! through the same converters. Both find the same: `differential.rs` holds every parameter of R4 to that.

mod action;
mod compile;
mod computed;
#[cfg(test)]
mod differential;
mod evaluated;
#[cfg(test)]
mod tests;

use super::collector::Collector;
use super::plan::Plan;
use crate::definitions::{ParamKind, TypeId};
use crate::fhirpath;
use crate::json::Node;
use action::Action;
use evaluated::Evaluated;
use thiserror::Error;

/// How to extract the index values of one resource type.
pub(super) struct Program {
    plan: Plan<Action>,
    /// What no walk can find.
    evaluated: Vec<Evaluated>,
    slots: u16,
}

impl Program {
    /// How many [`Slot`](super::collector::Slot)s it uses.
    pub(super) fn slots(&self) -> usize {
        usize::from(self.slots)
    }

    /// Whether it finds nothing, whatever the resource.
    fn is_empty(&self) -> bool {
        self.evaluated.is_empty() && self.plan.is_idle()
    }

    /// Converts what the parameters select.
    pub(super) fn run<'o>(&'o self, resource: Node<'_>, collector: &mut Collector<'o, '_>) {
        self.plan.walk(resource, resource, &mut |action, value| match action {
            Action::Convert(conversion) => conversion.run(value, collector),
            Action::Compose(composition) => composition.run(collector),
        });
        self.evaluated.iter().for_each(|parameter| parameter.run(resource, collector));
    }
}

/// Why an expression, or one of its ends, gives no index values.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Expression(#[from] fhirpath::Error),
    #[error("the specification gives {} no meaning for {kind:?} parameters", value_type.path())]
    NoMeaning { kind: ParamKind, value_type: TypeId },
}
