//! All search parameters of a resource type as one program: one walk along a plan whose ends convert what they meet.

mod action;
mod compile;

use super::collector::Collector;
use super::plan::{Plan, Unfit};
use crate::definitions::{ParamKind, TypeId};
use crate::json::Node;
use action::Action;
use thiserror::Error;

/// How to extract the index values of one resource type.
pub(super) struct Program {
    plan: Plan<Action>,
    slots: u16,
}

impl Program {
    /// How many [`Slot`](super::collector::Slot)s it uses.
    pub(super) fn slots(&self) -> usize {
        usize::from(self.slots)
    }

    /// Converts what the parameters select.
    pub(super) fn run(&self, resource: Node<'_>, collector: &mut Collector<'_, '_>) {
        self.plan.walk(resource, resource, &mut |action, value| match action {
            Action::Convert(conversion) => conversion.run(value, collector),
            Action::Compose(composition) => composition.run(collector),
        });
    }
}

/// Why an end of an expression gives no index values.
#[derive(Debug, Error)]
enum Refusal {
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the specification gives {} no meaning for {kind:?} parameters", value_type.path())]
    NoMeaning { kind: ParamKind, value_type: TypeId },
}
