//! What an evaluation is given.

use super::item::{Element, Item};
use super::value::Temporal;
use crate::json::Node;
use std::cell::Cell;

/// Items in order.
pub type Collection<'d> = Vec<Item<'d>>;

/// What one evaluation may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items looked at and pairs compared. A thousand invariants over a large resource stay below a million.
    pub steps_max: u64,
    /// Items of one collection that has to be kept.
    pub items_max: usize,
    /// Bytes of a computed text.
    pub text_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps_max: 10_000_000, items_max: 1_000_000, text_bytes_max: 1 << 20 }
    }
}

/// The focus and the world around it. Cheap to clone.
#[derive(Clone)]
pub struct Input<'d> {
    /// `$this` at the beginning, and what a path begins at.
    pub focus: Item<'d>,
    /// `%context`: the original element, the focus unless set.
    pub context: Option<Item<'d>>,
    /// `%resource`: the resource that holds the focus, the focus unless set.
    pub resource: Option<Element<'d>>,
    /// `%rootResource`: the resource that contains that one, itself unless set.
    pub root_resource: Option<Element<'d>>,
    /// Values of further `%name`s.
    pub variables: &'d [(&'d str, Collection<'d>)],
    /// What `now()`, `today()` and `timeOfDay()` are made of; without it they are an error. With zone and milliseconds.
    pub now: Option<Temporal>,
    pub host: &'d dyn Host,
    pub limits: Limits,
    /// Steps left to several evaluations together: what this one takes is taken from them, and it ends with
    /// [`TooManySteps`](super::Error::TooManySteps) when there are no more, too.
    pub steps: Option<&'d Cell<u64>>,
}

impl<'d> Input<'d> {
    /// A resource as focus, `%resource`, `%rootResource` and `%context`.
    pub fn resource(node: Node<'d>) -> Self {
        Self::element(Element::resource(node))
    }

    /// An element as focus; set [`resource`](Self#structfield.resource) for expressions that ask for it.
    pub fn element(focus: Element<'d>) -> Self {
        Input {
            focus: Item::Element(focus),
            context: None,
            resource: None,
            root_resource: None,
            variables: &[],
            now: None,
            host: &NoHost,
            limits: Limits::default(),
            steps: None,
        }
    }

    /// The same with `resource` as `%resource` and `%rootResource`.
    pub fn within(self, resource: Element<'d>) -> Self {
        Input { resource: Some(resource), ..self }
    }
}

/// What an expression may ask beyond the document. `None` everywhere: not known here.
pub trait Host {
    /// The resource a reference that is not within the document points to.
    fn resolve(&self, _reference: &str) -> Option<Node<'_>> {
        None
    }

    /// Whether a code, Coding or CodeableConcept is in the value set of that canonical URL.
    fn member_of(&self, _value_set: &str, _coded: &Item<'_>) -> Option<bool> {
        None
    }

    /// Whether `general` subsumes `special`, both a Coding or CodeableConcept.
    fn subsumes(&self, _general: &Item<'_>, _special: &Item<'_>) -> Option<bool> {
        None
    }

    /// Whether the element conforms to the profile of that canonical URL. Of R4's own types it is asked only about elements of
    /// that type, and `None` then means yes.
    fn conforms_to(&self, _profile: &str, _element: &Element<'_>) -> Option<bool> {
        None
    }

    /// Whether the element is in the slice of that name of the StructureDefinition of that canonical URL. `None` also if it has
    /// no such slice.
    fn in_slice(&self, _structure: &str, _name: &str, _element: &Element<'_>) -> Option<bool> {
        None
    }

    /// The ElementDefinition of an element, as the type that has it defines it: `HumanName.given` of a name's given name.
    fn element_definition(&self, _element: &Element<'_>) -> Option<Node<'_>> {
        None
    }
}

/// Knows nothing beyond the document.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {}
