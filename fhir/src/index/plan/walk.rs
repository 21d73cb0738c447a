//! One pass over a document along a plan.

use super::Place;
use crate::json::{Kind, Node};

pub(super) struct Walk<'p, 'd, 'v, A, V> {
    pub(super) places: &'p [Place<A>],
    pub(super) resource: Node<'d>,
    pub(super) visit: &'v mut V,
}

impl<'p, 'd, A, V: FnMut(&'p A, Node<'d>)> Walk<'p, 'd, '_, A, V> {
    /// The documents' depth limit and the plan's own depth bound the recursion.
    pub(super) fn value(&mut self, place: &'p Place<A>, value: Node<'d>, index: usize) {
        for action in &place.actions {
            (self.visit)(action, value);
        }
        for (filter, to) in &place.filters {
            if filter.passes(value, index, self.resource) {
                self.value(&self.places[*to as usize], value, 0);
            }
        }
        if !place.members.is_empty() {
            for (key, child) in value.members() {
                if let Some(to) = place.to(key.name_id()) {
                    self.element(&self.places[to as usize], child);
                }
            }
        }
        for action in &place.after {
            (self.visit)(action, value);
        }
    }

    fn element(&mut self, place: &'p Place<A>, element: Node<'d>) {
        match element.kind() {
            Kind::Null => {}
            Kind::Array => {
                for (index, item) in element.items().enumerate() {
                    if !matches!(item.kind(), Kind::Null | Kind::Array) {
                        self.value(place, item, index);
                    }
                }
            }
            _ => self.value(place, element, 0),
        }
    }
}
