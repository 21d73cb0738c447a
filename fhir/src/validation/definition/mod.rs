//! StructureDefinitions compiled for validation.
//!
//! Types and profiles are the same thing: a tree of elements with rules. Of a profile only what it adds to its type is kept:
//! the type's own rules are checked anyway.

mod build;
mod context;
mod corrected;
mod discriminator;
mod discriminator_path;
mod place;
mod read;
mod registry;
mod slicing;
mod systems;
mod value;

pub(super) use context::Context;
pub(super) use discriminator::tests;
pub(super) use discriminator_path::{Path, Step};
pub(super) use registry::{Definitions, Found};
pub(super) use slicing::{Rules, Slicing, Test};
pub(super) use systems::System;

use crate::conformance::Canonical;
use crate::definitions::{NameId, TypeId};
use crate::fhirpath::Expression;
use crate::json::{Document, Node};
use crate::outcome::Severity;
use crate::terminology::ValueSet;
use crate::validation::lexical::Lexical;
use std::sync::{Arc, OnceLock};

/// A compiled StructureDefinition.
pub(super) struct Definition {
    /// The canonical URL, without version.
    pub url: Box<str>,
    pub type_id: TypeId,
    /// Of an extension: whether it changes the meaning of what it stands on.
    pub modifier: bool,
    /// Whether it constrains a type; else it defines one.
    pub profile: bool,
    /// The elements in the order of the snapshot; the first is the root.
    pub elements: Box<[Element]>,
    /// Where an extension may stand.
    pub contexts: Box<[Context]>,
    /// Invariants an extension asks of the element it stands on.
    pub context_invariants: Box<[Invariant]>,
    /// The StructureDefinition, for fixed values and patterns.
    document: Arc<Document>,
}

/// The rules for one element, or for one slice of it.
#[derive(Default)]
pub(super) struct Element {
    /// `Patient.extension:race`, for messages and content references.
    pub path: Box<str>,
    /// JSON names it may have, with the type each stands for.
    pub members: Box<[(NameId, TypeId)]>,
    pub min: u32,
    /// `u32::MAX` for `*`.
    pub max: u32,
    /// Whether what it is an element of may be of several types: not each of them needs to have it.
    pub below_several: bool,
    /// Whether the cardinality is narrower than that of the type, so that it must be counted here.
    pub counted: bool,
    /// Types with what they say beyond the type itself.
    pub types: Box<[TypeRule]>,
    /// The types left, if there are fewer than the type's own.
    pub allowed: Option<Box<[TypeId]>>,
    /// The fixed value or pattern: its place in the definition, and whether it is fixed.
    pub value: Option<(u32, bool)>,
    pub length_max: Option<usize>,
    /// The regular expression of the value.
    pub lexical: Option<Lexical>,
    /// Places of the least and the greatest value.
    pub low: Option<u32>,
    pub high: Option<u32>,
    pub binding: Option<Binding>,
    pub invariants: Box<[Invariant]>,
    /// The element whose children are this one's.
    pub content: Option<usize>,
    /// Elements below that have rules.
    pub children: Box<[usize]>,
    pub slicing: Option<Slicing>,
    /// The children by JSON name, sorted: element, type of the value.
    pub lookup: Box<[(NameId, usize, TypeId)]>,
}

/// One allowed type.
#[derive(Default)]
pub(super) struct TypeRule {
    pub code: Box<str>,
    /// Profiles of which the value must fit one; none for any value. A fragment is the id of the element whose rules are meant.
    pub profiles: Box<[Box<str>]>,
    /// Profiles of which a reference's target must fit one; none for any target.
    pub targets: Box<[Box<str>]>,
    /// Ways the target may be given; none for any.
    pub aggregation: Box<[Aggregation]>,
}

/// <https://hl7.org/fhir/R4/valueset-resource-aggregation-mode.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregation {
    Contained,
    Referenced,
    Bundled,
}

/// <https://hl7.org/fhir/R4/terminologies.html#strength>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    Example,
    Preferred,
    Extensible,
    Required,
}

pub(super) struct Binding {
    pub strength: Strength,
    /// Canonical URL, version included.
    pub value_set: Box<str>,
    /// The value set no code may leave, whatever the strength.
    pub max: Option<Box<str>>,
    /// Whether the type says the same, so that it is checked already.
    pub inherited: bool,
    /// What the two value sets compiled to; `None` if they are not known here.
    pub compiled: [OnceLock<Option<Arc<ValueSet>>>; 2],
}

pub(super) struct Invariant {
    pub key: Box<str>,
    pub severity: Severity,
    pub human: Box<str>,
    pub text: Box<str>,
    pub expression: Result<Expression, String>,
}

impl Definition {
    /// The root's rules.
    pub fn root(&self) -> &Element {
        &self.elements[0]
    }

    /// A value within the definition.
    pub fn node(&self, place: u32) -> Option<Node<'_>> {
        self.document.node(place)
    }

    /// The ElementDefinition of that path; of slices of it, the first that is none.
    pub fn element_definition(&self, path: &str) -> Option<Node<'_>> {
        let snapshot = self.document.root().get("snapshot")?;
        value::list(snapshot, "element")
            .find(|one| one.get("path").and_then(Node::as_str).is_some_and(|own| own == path))
    }

    /// The element whose rules `canonical`, a URL of this definition, stands for: the one its fragment names, else the root.
    pub fn named(&self, canonical: &str) -> Option<usize> {
        let (_, _, Some(id)) = Canonical::read(canonical) else { return Some(0) };
        let snapshot = self.document.root().get("snapshot")?;
        let has_id = |one: Node<'_>| one.get("id").and_then(Node::as_str).is_some_and(|own| own == id);
        value::list(snapshot, "element").position(has_id)
    }

    /// The elements below `element`, a content reference followed.
    pub fn below(&self, element: usize) -> &Element {
        let element = &self.elements[element];
        element.content.map_or(element, |content| &self.elements[content])
    }

    /// The element of that path.
    pub fn by_path(&self, path: &str) -> Option<&Element> {
        self.elements.iter().find(|element| &*element.path == path)
    }
}

impl Element {
    /// The name of the slice, if it is one.
    pub fn slice_name(&self) -> Option<&str> {
        self.path.split_once(':').map(|(_, name)| name)
    }

    /// The rules for the member of that JSON name (without the underscore of a companion), and the type it has.
    #[inline]
    pub fn child(&self, name: NameId) -> Option<(usize, TypeId)> {
        let at = self.lookup.binary_search_by_key(&name, |child| child.0).ok()?;
        Some((self.lookup[at].1, self.lookup[at].2))
    }

    /// Whether there is a rule beyond those of the type, children and slices aside.
    fn has_rules(&self) -> bool {
        self.counted
            || self.allowed.is_some()
            || self.value.is_some()
            || self.length_max.is_some()
            || self.lexical.is_some()
            || self.low.is_some()
            || self.high.is_some()
            || self.binding.as_ref().is_some_and(|binding| !binding.inherited)
            || !self.invariants.is_empty()
            || self.types.iter().any(TypeRule::says_more)
    }
}

impl TypeRule {
    fn says_more(&self) -> bool {
        !self.profiles.is_empty() || !self.targets.is_empty() || !self.aggregation.is_empty()
    }
}
