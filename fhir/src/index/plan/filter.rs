//! What a value must be to be selected.

use super::super::reference::{Bases, ReferenceText, parse_reference};
use crate::definitions::names;
use crate::definitions::{NameId, ResourceType};
use crate::json::{Kind, Node};

#[derive(Clone, PartialEq)]
pub(super) enum Filter {
    Equals {
        child: NameId,
        text: Box<str>,
    },
    ResolvesTo(ResourceType),
    /// Position in its array.
    Index(usize),
}

impl Filter {
    /// `index` is the value's position in its array, `resource` what contains it.
    pub(super) fn passes(&self, value: Node<'_>, index: usize, resource: Node<'_>) -> bool {
        match self {
            Filter::Equals { child, text } => {
                value.get_name(*child).and_then(Node::as_str).is_some_and(|found| *found == **text)
            }
            Filter::ResolvesTo(wanted) => target_type(value, resource) == Some(*wanted),
            Filter::Index(wanted) => index == *wanted,
        }
    }
}

const REFERENCE: NameId = names::lookup(b"reference");
const TYPE: NameId = names::lookup(b"type");
const CONTAINED: NameId = names::lookup(b"contained");
const ID: NameId = names::lookup(b"id");
const RESOURCE_TYPE: NameId = names::lookup(b"resourceType");

/// The type of what a Reference points to: from its text, from the contained resource, else from `Reference.type`.
fn target_type(reference: Node<'_>, resource: Node<'_>) -> Option<ResourceType> {
    let text = match reference.kind() {
        Kind::String => reference.as_str(),
        _ => reference.get_name(REFERENCE).and_then(Node::as_str),
    };
    let from_text = text.and_then(|text| match parse_reference(&text, Bases::default()) {
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
