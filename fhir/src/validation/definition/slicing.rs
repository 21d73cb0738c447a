//! Slices of an element (<https://hl7.org/fhir/R4/profiling.html#slicing>).

use super::discriminator_path::Path;
use super::value::{list, text};
use super::{Definition, TypeRule};
use crate::json::Node;
use std::sync::{Arc, OnceLock};

/// How an element is taken apart into slices.
pub(in crate::validation) struct Slicing {
    pub discriminators: Vec<Discriminator>,
    pub rules: Rules,
    pub ordered: bool,
    /// The slices' elements in order, without `@default`.
    pub slices: Vec<usize>,
    /// The element for what is in no other slice.
    pub default: Option<usize>,
    /// Per slice and discriminator what an item must be like; worked out on first use, as it may need other definitions.
    pub tests: OnceLock<Vec<Vec<Test>>>,
}

/// What may be in no slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::validation) enum Rules {
    Open,
    Closed,
    /// Only after all slices.
    OpenAtEnd,
}

#[derive(Clone, Debug)]
pub(in crate::validation) struct Discriminator {
    pub kind: Kind,
    pub path: Result<Path, String>,
}

/// <https://hl7.org/fhir/R4/valueset-discriminator-type.html>; pattern means value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::validation) enum Kind {
    Value,
    Exists,
    Type,
    Profile,
}

/// What an item of a slice is like at a discriminator's path.
pub(in crate::validation) enum Test {
    /// Fits the values that element of the definition (`None`: the one the slice is in) demands.
    Value(Option<Arc<Definition>>, usize),
    Exists(bool),
    /// Has one of the types by name, or one derived from an abstract one: `valueCode` is no `string`, though a code is derived from it.
    Type(Vec<Box<str>>),
    /// Fits one of the profiles.
    Profile(Vec<Box<str>>),
    /// Is an extension of that URL.
    Url(Box<str>),
    /// Whatever it is: another discriminator tells.
    Any,
    /// The discriminator cannot be followed: nothing is in the slice.
    Nothing,
}

impl Slicing {
    pub(super) fn read(node: Node<'_>) -> Slicing {
        let rules = match text(node, "rules").as_deref() {
            Some("closed") => Rules::Closed,
            Some("openAtEnd") => Rules::OpenAtEnd,
            _ => Rules::Open,
        };
        Slicing {
            discriminators: list(node, "discriminator").map(Discriminator::read).collect(),
            rules,
            ordered: node.get("ordered").and_then(Node::as_bool).unwrap_or(false),
            slices: Vec::new(),
            default: None,
            tests: OnceLock::new(),
        }
    }

    /// For slices whose element does not say how they are told apart: by URL for extensions, else by type.
    fn implied(path: &str) -> Slicing {
        let is_extension = path.ends_with(".extension") || path.ends_with(".modifierExtension");
        let (kind, path) = if is_extension { (Kind::Value, "url") } else { (Kind::Type, "$this") };
        Slicing {
            discriminators: vec![Discriminator { kind, path: Path::parse(path) }],
            rules: Rules::Open,
            ordered: false,
            slices: Vec::new(),
            default: None,
            tests: OnceLock::new(),
        }
    }
}

/// The slicing of the element at `path`, if there is anything to check.
pub(super) fn finish(
    slicing: Option<Slicing>,
    mut slices: Vec<usize>,
    default: Option<usize>,
    path: &str,
) -> Option<Slicing> {
    slices.retain(|slice| Some(*slice) != default);
    let closed = slicing.as_ref().is_some_and(|slicing| slicing.rules == Rules::Closed);
    if slices.is_empty() && default.is_none() && !closed {
        return None;
    }
    let mut slicing = slicing.unwrap_or_else(|| Slicing::implied(path));
    slicing.slices = slices;
    slicing.default = default;
    Some(slicing)
}

impl Discriminator {
    fn read(node: Node<'_>) -> Discriminator {
        let kind = match text(node, "type").as_deref() {
            Some("exists") => Kind::Exists,
            Some("type") => Kind::Type,
            Some("profile") => Kind::Profile,
            _ => Kind::Value,
        };
        Discriminator { kind, path: Path::parse(&text(node, "path").unwrap_or_default()) }
    }
}

/// The profiles of all types of an element.
pub(super) fn profiles(types: &[TypeRule]) -> Vec<Box<str>> {
    types.iter().flat_map(|one| one.profiles.iter().cloned()).collect()
}
