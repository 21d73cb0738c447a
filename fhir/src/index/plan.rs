//! Search expressions merged into one trie per resource type, walked over a document in one pass.
//!
//! A plan knows nothing of search: each place an expression ends carries an action of the plan's owner. Choice elements
//! are expanded to their JSON names, types are known at every place, and R4's `as` is a filter decided here and not
//! per document.

use super::reference::{ReferenceText, parse_reference};
use crate::definitions::expression::{Branch, Step};
use crate::definitions::names;
use crate::definitions::{Element, NameId, ResourceType, TypeId};
use crate::json::{Kind, Node};

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
}

#[derive(Clone, Copy, PartialEq)]
enum Filter {
    Equals {
        child: NameId,
        text: &'static str,
    },
    ResolvesTo(ResourceType),
    /// Position in its array.
    Index(usize),
    NotFalse,
}

/// An expression that does not fit the definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    NoElement { path: &'static str, name: String },
    NoResourceType(String),
    Nowhere,
}

impl<A> Plan<A> {
    pub(crate) fn new() -> Self {
        Plan { places: vec![Place::new()] }
    }

    /// Adds an expression on values of type `context`. `action` is asked at each end of it with the type of the values
    /// found there; `None` leaves that end out. The answer is at how many ends an action was put.
    pub(crate) fn add(
        &mut self,
        context: TypeId,
        branch: &Branch<'static>,
        action: &mut dyn FnMut(TypeId) -> Option<A>,
    ) -> Result<usize, Unfit> {
        let mut at = vec![(0u32, context)];
        for (number, step) in branch.steps.iter().enumerate() {
            at = self.step(&at, step, branch.steps.get(number + 1))?;
        }
        if at.is_empty() {
            return Err(Unfit::Nowhere);
        }
        let mut ends = 0;
        for (place, value_type) in at {
            if let Some(action) = action(value_type) {
                self.places[place as usize].actions.push(action);
                ends += 1;
            }
        }
        Ok(ends)
    }

    fn step(
        &mut self,
        at: &[(u32, TypeId)],
        step: &Step<'static>,
        next: Option<&Step<'static>>,
    ) -> Result<Vec<(u32, TypeId)>, Unfit> {
        let filter = match step {
            Step::Child(name) => return self.child(at, name, next),
            // The step to a choice element has looked ahead; what is left is a plain element of one type.
            Step::As(name) => {
                return Ok(at.iter().copied().filter(|(_, value_type)| is(*value_type, name)).collect());
            }
            Step::Where { child, equals } => {
                Filter::Equals { child: names::lookup(child.as_bytes()), text: equals }
            }
            Step::ResolvesTo(name) => Filter::ResolvesTo(
                ResourceType::from_name(name).ok_or_else(|| Unfit::NoResourceType((*name).to_owned()))?,
            ),
            Step::Index(index) => Filter::Index(*index),
            Step::ExistsAndNotFalse => Filter::NotFalse,
        };
        Ok(at.iter().map(|&(place, value_type)| (self.filtered(place, filter), value_type)).collect())
    }

    fn child(
        &mut self,
        at: &[(u32, TypeId)],
        name: &str,
        next: Option<&Step<'static>>,
    ) -> Result<Vec<(u32, TypeId)>, Unfit> {
        let mut reached = Vec::new();
        for &(place, context) in at {
            let element = context
                .element(name)
                .ok_or_else(|| Unfit::NoElement { path: context.path(), name: name.to_owned() })?;
            for choice in wanted(element, next) {
                let to = self.member(place, element.json_name(choice));
                reached.push((to, element.types[choice].id));
            }
        }
        Ok(reached)
    }

    fn member(&mut self, place: u32, name: NameId) -> u32 {
        if let Some(&(_, to)) = self.places[place as usize].members.iter().find(|(known, _)| *known == name) {
            return to;
        }
        let to = self.grow();
        self.places[place as usize].members.push((name, to));
        to
    }

    fn filtered(&mut self, place: u32, filter: Filter) -> u32 {
        if let Some(&(_, to)) = self.places[place as usize].filters.iter().find(|(known, _)| *known == filter)
        {
            return to;
        }
        let to = self.grow();
        self.places[place as usize].filters.push((filter, to));
        to
    }

    fn grow(&mut self) -> u32 {
        self.places.push(Place::new());
        self.places.len() as u32 - 1
    }

    /// Makes the plan ready to be walked. Of two actions at one place `absorb` may put the second into the first.
    pub(crate) fn settle(mut self, mut absorb: impl FnMut(&mut A, &A) -> bool) -> Self {
        for place in &mut self.places {
            let mut kept: Vec<A> = Vec::new();
            for action in place.actions.drain(..) {
                if !kept.iter_mut().any(|first| absorb(first, &action)) {
                    kept.push(action);
                }
            }
            place.actions = kept;
            place.lay_out();
        }
        self
    }

    /// False if `root` has no member any expression starts with, so that a walk would find nothing.
    pub(crate) fn may_select(&self, root: Node<'_>) -> bool {
        let place = &self.places[0];
        !place.actions.is_empty()
            || !place.filters.is_empty()
            || root.members().any(|(key, _)| place.to(key.name_id()).is_some())
    }

    /// Calls `visit` for every value an expression selects below `root`, in document order. `resource` is the resource
    /// around it, for references to what it contains.
    pub(crate) fn walk<'p, 'd>(
        &'p self,
        root: Node<'d>,
        resource: Node<'d>,
        visit: &mut impl FnMut(&'p A, Node<'d>),
    ) {
        Walk { plan: self, resource, visit }.value(&self.places[0], root, 0);
    }
}

impl<A> Place<A> {
    fn new() -> Self {
        Place { members: Vec::new(), slots: Vec::new(), filters: Vec::new(), actions: Vec::new() }
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
fn wanted(element: &'static Element, next: Option<&Step<'static>>) -> impl Iterator<Item = usize> {
    let only = match next {
        Some(Step::As(name)) if element.choice => Some(*name),
        _ => None,
    };
    let types = element.types.iter().enumerate();
    // Without [x] all types share one JSON name, and the first stands for them (Reference and its targets).
    let take = if element.choice { usize::MAX } else { 1 };
    types
        .filter(move |(_, one)| only.is_none_or(|name| is(one.id, name)))
        .map(|(choice, _)| choice)
        .take(take)
}

/// R4 writes `DateTime` for dateTime in one place.
fn is(value_type: TypeId, name: &str) -> bool {
    value_type.path().eq_ignore_ascii_case(name)
}

struct Walk<'p, 'd, 'v, A, V> {
    plan: &'p Plan<A>,
    resource: Node<'d>,
    visit: &'v mut V,
}

impl<'p, 'd, A, V: FnMut(&'p A, Node<'d>)> Walk<'p, 'd, '_, A, V> {
    /// The documents' depth limit and the plan's own depth bound the recursion.
    fn value(&mut self, place: &'p Place<A>, value: Node<'d>, index: usize) {
        for action in &place.actions {
            (self.visit)(action, value);
        }
        for (filter, to) in &place.filters {
            if self.passes(filter, value, index) {
                self.value(&self.plan.places[*to as usize], value, 0);
            }
        }
        if place.members.is_empty() {
            return;
        }
        for (key, child) in value.members() {
            if let Some(to) = place.to(key.name_id()) {
                self.element(&self.plan.places[to as usize], child);
            }
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

    fn passes(&self, filter: &Filter, value: Node<'d>, index: usize) -> bool {
        match filter {
            Filter::Equals { child, text } => {
                value.get_name(*child).and_then(Node::as_str).is_some_and(|found| found == *text)
            }
            Filter::ResolvesTo(wanted) => target_type(value, self.resource) == Some(*wanted),
            Filter::Index(wanted) => index == *wanted,
            Filter::NotFalse => value.as_bool() != Some(false),
        }
    }
}

const REFERENCE: NameId = names::lookup(b"reference");
const TYPE: NameId = names::lookup(b"type");
const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");
const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");

/// The type of what a Reference points to: from its text, from the contained resource, else from `Reference.type`.
pub(crate) fn target_type(reference: Node<'_>, resource: Node<'_>) -> Option<ResourceType> {
    let text = match reference.kind() {
        Kind::String => reference.as_str(),
        _ => reference.get_name(REFERENCE).and_then(Node::as_str),
    };
    let from_text = text.and_then(|text| match parse_reference(&text, None) {
        ReferenceText::Local { resource_type, .. } => Some(resource_type),
        ReferenceText::Url { resource_type, .. } => resource_type,
        ReferenceText::Conditional(search) => ResourceType::from_name(search.split('?').next()?),
        ReferenceText::Contained(id) => contained_type(resource, id),
    });
    from_text.or_else(|| ResourceType::from_name(&reference.get_name(TYPE)?.as_str()?))
}

fn contained_type(resource: Node<'_>, id: &str) -> Option<ResourceType> {
    let found = match id {
        "" => resource,
        id => resource
            .get_name(CONTAINED)?
            .items()
            .find(|one| one.get_name(ID).and_then(Node::as_str).as_deref() == Some(id))?,
    };
    ResourceType::from_name(&found.get_name(RESOURCE_TYPE)?.as_str()?)
}
