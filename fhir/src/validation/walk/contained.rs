//! Contained resources by id: <https://hl7.org/fhir/R4/references.html#contained>.

use crate::definitions::{NameId, names};
use crate::json::Node;
use crate::validation::steps::Steps;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::hash_map::RandomState;

const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");

// Keys are the client's: a keyed hash keeps chosen collisions out. Nothing iterates the map.
type ById<'d> = HashMap<Cow<'d, str>, Node<'d>, RandomState>;

/// What resources contain, read when the first reference asks for it.
pub(in crate::validation) struct Contained<'v, 'd> {
    steps: &'v Steps,
    /// By the [`Node::index`] of the container.
    by_container: RefCell<HashMap<u32, ById<'d>>>,
}

impl<'v, 'd> Contained<'v, 'd> {
    /// For the resources of one document.
    pub fn new(steps: &'v Steps) -> Self {
        Contained { steps, by_container: RefCell::default() }
    }

    /// The resource with that id in `container`; of several the first.
    pub fn find(&self, container: Node<'d>, id: &str) -> Option<Node<'d>> {
        let all = container.get_name(CONTAINED)?;
        let mut by_container = self.by_container.borrow_mut();
        let by_id = by_container.entry(container.index()).or_insert_with(|| self.read(all));
        by_id.get(id).copied()
    }

    fn read(&self, all: Node<'d>) -> ById<'d> {
        let mut by_id = ById::default();
        for resource in all.items() {
            self.steps.pay(1);
            if let Some(id) = resource.get_name(ID).and_then(Node::as_str) {
                by_id.entry(id).or_insert(resource);
            }
        }
        by_id
    }
}
