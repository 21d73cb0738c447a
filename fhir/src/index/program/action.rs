//! What is done with the values that are reached.

use super::super::collector::{Collector, Sink, Slot};
use super::super::convert::Convert;
use super::super::plan::Plan;
use crate::definitions::{Component, ParamId, ResourceType};
use crate::json::Node;
use std::ops::Range;
use std::sync::Arc;

/// What to do with a value an expression selects.
pub(super) enum Action {
    Convert(Conversion),
    /// Once everything below the value has been converted.
    Compose(Composition),
}

/// One conversion for all parameters and components that take the same values from the same place.
pub(super) struct Conversion {
    pub(super) convert: Convert,
    pub(super) targets: Arc<[ResourceType]>,
    pub(super) sinks: Vec<Sink>,
}

/// Makes one value of those its components have found.
pub(super) struct Composition {
    pub(super) params: Vec<ParamId>,
    pub(super) components: Arc<[Component]>,
    pub(super) slots: Range<u16>,
    /// Components that are not below the value but elsewhere in the resource (`%resource`), by their slots.
    pub(super) elsewhere: Vec<(Slot, Plan<Conversion>)>,
}

impl Conversion {
    pub(super) fn run<'o>(&'o self, value: Node<'_>, collector: &mut Collector<'o, '_>) {
        collector.begin(&self.targets);
        (self.convert)(value, collector);
        collector.end(&self.sinks);
    }

    pub(super) fn does_as(&self, other: &Conversion) -> bool {
        std::ptr::fn_addr_eq(self.convert, other.convert) && self.targets == other.targets
    }
}

impl Composition {
    /// Adds the composite if every component has a value, and takes these away.
    pub(super) fn run<'o>(&'o self, collector: &mut Collector<'o, '_>) {
        let slots = || self.slots.clone().map(Slot);
        let is_elsewhere = |slot: Slot| self.elsewhere.iter().any(|(known, _)| *known == slot);
        let complete = slots().all(|slot| !collector.is_empty(slot) || is_elsewhere(slot));
        if complete && self.look_elsewhere(collector) {
            collector.add_composite(&self.params, slots());
        }
        slots().for_each(|slot| collector.empty(slot));
    }

    /// False if there is nothing.
    fn look_elsewhere<'o>(&'o self, collector: &mut Collector<'o, '_>) -> bool {
        let resource = collector.resource;
        self.elsewhere.iter().all(|(slot, plan)| {
            plan.walk(resource, resource, &mut |conversion, value| conversion.run(value, collector));
            !collector.is_empty(*slot)
        })
    }
}
