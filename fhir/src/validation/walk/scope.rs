//! The resource an element is in, what that is in, and what its references lead to.

use super::bundle::{Index, Match};
use super::contained::Contained;
use crate::json::Node;

/// Where an element stands.
#[derive(Clone, Copy)]
pub(in crate::validation) struct Scope<'s, 'd> {
    /// The innermost resource.
    pub resource: Node<'d>,
    /// The resource that contains it, else itself.
    pub root: Node<'d>,
    /// The fullUrl of the bundle's entry it is in.
    pub full_url: Option<&'s str>,
    pub bundle: Option<&'s Index<'d>>,
    /// The scope of the resource this one is in.
    pub outer: Option<&'s Scope<'s, 'd>>,
}

/// What a literal reference leads to.
#[derive(Clone, Copy)]
pub(in crate::validation) enum Target<'d> {
    Contained(Node<'d>),
    /// An entry of the same bundle.
    Bundled(Node<'d>),
    /// Something that must be contained, but is not.
    Missing,
    /// Something the bundle seems to hold, but not so that the reference could mean it: why.
    Unclear(&'static str),
    /// Something outside.
    Outside,
}

impl<'d> Target<'d> {
    /// The resource, if it is here.
    pub fn resource(self) -> Option<Node<'d>> {
        match self {
            Target::Contained(node) | Target::Bundled(node) => Some(node),
            Target::Missing | Target::Unclear(_) | Target::Outside => None,
        }
    }
}

impl<'s, 'd> Scope<'s, 'd> {
    /// The scope of a resource in nothing else.
    pub fn of(resource: Node<'d>) -> Self {
        Scope { resource, root: resource, full_url: None, bundle: None, outer: None }
    }

    /// The scope of a contained resource.
    pub fn contained(&'s self, resource: Node<'d>) -> Self {
        Scope { resource, outer: Some(self), ..*self }
    }

    /// What `reference` leads to (<https://hl7.org/fhir/R4/bundle.html#references>).
    pub fn resolve(&self, reference: &str, contained: &Contained<'_, 'd>) -> Target<'d> {
        match reference.strip_prefix('#') {
            Some("") => return Target::Contained(self.root),
            Some(id) => return contained.find(self.root, id).map_or(Target::Missing, Target::Contained),
            None => {}
        }
        let mut scope = Some(self);
        while let Some(at) = scope {
            match at.bundle.map(|bundle| bundle.resolve(reference, at.full_url)) {
                Some(Match::One(node)) => return Target::Bundled(node),
                Some(Match::Several) => {
                    return Target::Unclear("several entries of the bundle have that URL");
                }
                Some(Match::OtherVersion) => {
                    return Target::Unclear("the bundle has it in other versions only");
                }
                Some(Match::OtherType) => {
                    return Target::Unclear("the entry with that id is of another type");
                }
                Some(Match::OtherUrl) => {
                    return Target::Unclear("an entry has that type and id, but its fullUrl is another");
                }
                Some(Match::None) | None => scope = at.outer,
            }
        }
        Target::Outside
    }
}
