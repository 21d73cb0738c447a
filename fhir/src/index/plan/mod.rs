//! Search expressions merged into one trie per resource type, walked over a document in one pass.
//!
//! A plan knows nothing of search: each place an expression ends carries an action of the plan's owner. Choice elements
//! are expanded to their JSON names, types are known at every place, and R4's `as` is a filter decided here and not
//! per document.

mod filter;
mod walk;

use crate::definitions::names;
use crate::definitions::{Element, NameId, ResourceType, TypeId};
use crate::fhirpath_syntax::path::{Path, Step};
use crate::json::Node;
use filter::Filter;
use thiserror::Error;
use walk::Walk;

/// Expressions over one type, each end carrying an `A`.
pub(crate) struct Plan<A> {
    places: Vec<Place<A>>,
}

/// A place in the trie: what to do with a value that is reached there.
struct Place<A> {
    members: Vec<(NameId, u32)>,
    /// `members` by the last bits of their names, a power of two of slots; empty until the plan is settled.
    slots: Vec<(NameId, u32)>,
    filters: Vec<(Filter, u32)>,
    actions: Vec<A>,
    /// What to do once everything below the value has been visited.
    after: Vec<A>,
}

/// A place with the type of the values that are reached there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    place: u32,
    pub(crate) value_type: TypeId,
    /// Whether a resource may have several values here, or where the last child step came from.
    repeats: bool,
    parent_repeats: bool,
}

/// An expression that a plan cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Unfit {
    #[error("{path} has no element '{name}'")]
    NoElement { path: &'static str, name: String },
    #[error("'{0}' is no resource type")]
    NoResourceType(String),
    #[error("whether a resource inside this one is of type '{0}' is not known before it is there")]
    AnyResource(String),
    #[error("[{0}] after an element that may repeat is a place in no one array")]
    Index(usize),
    #[error("the expression is no path")]
    NoPath,
    #[error("the expression selects nothing")]
    Nowhere,
}

impl<A> Plan<A> {
    pub(crate) fn new() -> Self {
        Plan { places: vec![Place::new()] }
    }

    /// Where walks begin, at values of type `value_type`.
    pub(crate) fn root(value_type: TypeId) -> Spot {
        Spot { place: 0, value_type, repeats: false, parent_repeats: false }
    }

    /// Where an expression ends that begins at `from`; at least one spot.
    pub(crate) fn select(&mut self, from: Spot, path: &Path) -> Result<Vec<Spot>, Unfit> {
        let mut at = vec![from];
        for (number, step) in path.steps.iter().enumerate() {
            at = self.step(&at, step, path.steps.get(number + 1))?;
        }
        if at.is_empty() { Err(Unfit::Nowhere) } else { Ok(at) }
    }

    /// The actions at a spot.
    pub(crate) fn actions(&mut self, spot: Spot) -> &mut Vec<A> {
        &mut self.places[spot.place as usize].actions
    }

    /// The actions at a spot for when everything below a value has been visited.
    pub(crate) fn actions_after(&mut self, spot: Spot) -> &mut Vec<A> {
        &mut self.places[spot.place as usize].after
    }

    fn step(&mut self, at: &[Spot], step: &Step, next: Option<&Step>) -> Result<Vec<Spot>, Unfit> {
        match step {
            Step::Child(name) => self.child(at, name, next),
            // What stands in a bundle or contained is known from the document alone.
            Step::As(name) if at.iter().any(|spot| spot.value_type.path() == "Resource") => {
                Err(Unfit::AnyResource(name.to_string()))
            }
            // The step to a choice element has looked ahead; what is left is a plain element of one type.
            Step::As(name) => Ok(at.iter().copied().filter(|spot| is(spot.value_type, name)).collect()),
            Step::Where { child, equals } => {
                let text = |spot: &&Spot| has_text(spot.value_type, child);
                let at = at.iter().filter(text).copied().collect::<Vec<_>>();
                let filter = Filter::Equals { child: names::lookup(child.as_bytes()), text: equals.clone() };
                Ok(self.filtered_all(&at, &filter))
            }
            Step::ResolvesTo(name) => match ResourceType::from_name(name) {
                Some(resource_type) => Ok(self.filtered_all(at, &Filter::ResolvesTo(resource_type))),
                None => Err(Unfit::NoResourceType(name.to_string())),
            },
            Step::Index(index) if at.iter().any(|spot| spot.parent_repeats) => Err(Unfit::Index(*index)),
            Step::Index(index) => {
                let mut reached = self.filtered_all(at, &Filter::Index(*index));
                reached.iter_mut().for_each(|spot| spot.repeats = false);
                Ok(reached)
            }
        }
    }

    /// To a member of the values that can have it; an error if none can.
    fn child(&mut self, at: &[Spot], name: &str, next: Option<&Step>) -> Result<Vec<Spot>, Unfit> {
        let mut reached = Vec::new();
        let mut known = false;
        for spot in at {
            let Some(element) = spot.value_type.element(name) else { continue };
            known = true;
            for choice in wanted(element, next) {
                reached.push(Spot {
                    place: self.member(spot.place, element.json_name(choice)),
                    value_type: element.types[choice].id,
                    repeats: spot.repeats || element.repeats(),
                    parent_repeats: spot.repeats,
                });
            }
        }
        match at.first() {
            Some(spot) if !known => {
                Err(Unfit::NoElement { path: spot.value_type.path(), name: name.to_owned() })
            }
            _ => Ok(reached),
        }
    }

    fn filtered_all(&mut self, at: &[Spot], filter: &Filter) -> Vec<Spot> {
        at.iter().map(|spot| Spot { place: self.filtered(spot.place, filter), ..*spot }).collect()
    }

    fn member(&mut self, place: u32, name: NameId) -> u32 {
        if let Some(&(_, to)) = self.places[place as usize].members.iter().find(|(known, _)| *known == name) {
            return to;
        }
        let to = self.grow();
        self.places[place as usize].members.push((name, to));
        to
    }

    fn filtered(&mut self, place: u32, filter: &Filter) -> u32 {
        if let Some(&(_, to)) = self.places[place as usize].filters.iter().find(|(known, _)| known == filter)
        {
            return to;
        }
        let to = self.grow();
        self.places[place as usize].filters.push((filter.clone(), to));
        to
    }

    fn grow(&mut self) -> u32 {
        self.places.push(Place::new());
        self.places.len() as u32 - 1
    }

    /// Whether nothing is done anywhere.
    pub(crate) fn is_idle(&self) -> bool {
        self.places.iter().all(|place| place.actions.is_empty() && place.after.is_empty())
    }

    /// Makes the plan ready to be walked.
    pub(crate) fn settle(mut self) -> Self {
        self.places.iter_mut().for_each(Place::lay_out);
        self
    }

    /// Calls `visit` for every value an expression selects below `root`, in document order, and again for those with
    /// actions for afterwards. `resource` is the resource around it, for references to what it contains.
    pub(crate) fn walk<'p, 'd>(
        &'p self,
        root: Node<'d>,
        resource: Node<'d>,
        visit: &mut impl FnMut(&'p A, Node<'d>),
    ) {
        Walk { places: &self.places, resource, visit }.value(&self.places[0], root, 0);
    }
}

impl<A> Place<A> {
    fn new() -> Self {
        Place {
            members: Vec::new(),
            slots: Vec::new(),
            filters: Vec::new(),
            actions: Vec::new(),
            after: Vec::new(),
        }
    }

    fn lay_out(&mut self) {
        let len = (4 * self.members.len()).next_power_of_two();
        self.slots = vec![(NameId::UNKNOWN, 0); len];
        for &(name, to) in &self.members {
            let mut slot = usize::from(name.0) % len;
            while self.slots[slot].0 != NameId::UNKNOWN {
                slot = (slot + 1) % len;
            }
            self.slots[slot] = (name, to);
        }
    }

    /// Where a member leads. A quarter of the slots is taken at most, so the search ends, and soon.
    #[inline]
    fn to(&self, name: NameId) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut slot = usize::from(name.0) & mask;
        loop {
            match self.slots.get(slot) {
                Some(&(known, to)) if known != NameId::UNKNOWN => {
                    if known == name {
                        return Some(to);
                    }
                }
                _ => return None,
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// The numbers of the types of `element` that the expression goes on with.
fn wanted(element: &'static Element, next: Option<&Step>) -> impl Iterator<Item = usize> {
    let only = match next {
        Some(Step::As(name)) if element.choice => Some(name.clone()),
        _ => None,
    };
    let types = element.types.iter().enumerate();
    // Without [x] all types share one JSON name, and the first stands for them (Reference and its targets).
    let take = if element.choice { usize::MAX } else { 1 };
    types
        .filter(move |(_, one)| only.as_deref().is_none_or(|name| is(one.id, name)))
        .map(|(choice, _)| choice)
        .take(take)
}

/// Whether values of a type have a member of that name that is at most one text.
fn has_text(value_type: TypeId, name: &str) -> bool {
    value_type.element(name).is_some_and(|element| {
        let text = |id: TypeId| id.lineage().any(|one| matches!(one.path(), "string" | "uri"));
        !element.choice && !element.repeats() && element.types.iter().all(|one| text(one.id))
    })
}

/// Whether a type is the one `as` and `ofType` ask for. They take no derived ones (a `code` is no `string` to them), so
/// `source-uri` does not find canonicals.
fn is(value_type: TypeId, name: &str) -> bool {
    value_type.path() == name
}
