//! What a validation has found out already, so that what many elements ask for is worked out once.

use crate::validation::definition::{Definition, Element};
use hashbrown::{HashMap, HashSet};
use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

/// What an expression selects, by index, and who asked.
type Selected = (Arc<Definition>, Option<HashSet<u32>>);

/// Answers of one walk. Definitions are held, so that the address of a part of one is that part's alone.
#[derive(Default)]
pub(super) struct Seen<'d> {
    /// The ids of elements, each with the index of its resource.
    ids: HashSet<(u32, Cow<'d, str>), RandomState>,
    /// Whether a resource (by its index) fits a profile.
    fits: HashMap<(*const Element, u32), (Arc<Definition>, bool)>,
    /// What an extension's context (by its number) selects in a resource, by index; nothing if it cannot be evaluated.
    selected: HashMap<(*const Element, usize, u32), Selected>,
}

impl<'d> Seen<'d> {
    /// Whether no element of the resource had the id so far.
    pub fn is_new_id(&mut self, resource: u32, id: Cow<'d, str>) -> bool {
        self.ids.insert((resource, id))
    }

    pub fn fits(&self, definition: &Arc<Definition>, resource: u32) -> Option<bool> {
        self.fits.get(&(std::ptr::from_ref(definition.root()), resource)).map(|(_, fits)| *fits)
    }

    pub fn set_fits(&mut self, definition: &Arc<Definition>, resource: u32, fits: bool) {
        self.fits.insert((std::ptr::from_ref(definition.root()), resource), (definition.clone(), fits));
    }

    /// Whether the context with that number is known to select one of `nodes` in `resource`; `None` as long as nobody has asked.
    pub fn is_selected(
        &self,
        (definition, context, resource): (&Arc<Definition>, usize, u32),
        nodes: [Option<u32>; 2],
    ) -> Option<Option<bool>> {
        let key = (std::ptr::from_ref(definition.root()), context, resource);
        let (_, selected) = self.selected.get(&key)?;
        let is_any = |selected: &HashSet<u32>| nodes.iter().flatten().any(|node| selected.contains(node));
        Some(selected.as_ref().map(is_any))
    }

    pub fn set_selected(
        &mut self,
        (definition, context, resource): (&Arc<Definition>, usize, u32),
        selected: Option<HashSet<u32>>,
    ) {
        let key = (std::ptr::from_ref(definition.root()), context, resource);
        self.selected.insert(key, (definition.clone(), selected));
    }
}
