//! The parts of a Parameters resource: <https://hl7.org/fhir/R4/parameters.html>.

use super::super::error::{ErrorKind, shown};
use crate::{
    definitions::{NameId, TypeId, names::lookup},
    json::{Kind, Node},
};
use std::{borrow::Cow, sync::LazyLock};

const NAME: NameId = lookup(b"name");
const PART: NameId = lookup(b"part");
const RESOURCE: NameId = lookup(b"resource");

/// The type of `Parameters.parameter`, whose `value[x]` names all types a value may have.
static PARAMETER: LazyLock<Option<TypeId>> = LazyLock::new(|| TypeId::from_path("Parameters.parameter"));

/// One parameter or part.
#[derive(Clone, Debug)]
pub struct Part<'d> {
    pub name: Cow<'d, str>,
    pub content: Content<'d>,
}

/// What a part holds.
#[derive(Clone, Debug)]
pub enum Content<'d> {
    /// `value[x]` and its companion `_value[x]`: at least one of them.
    Value {
        value_type: TypeId,
        value: Option<Node<'d>>,
        companion: Option<Node<'d>>,
    },
    /// Further parts: a JSON array.
    Parts(Node<'d>),
    Resource(Node<'d>),
}

impl<'d> Part<'d> {
    /// Reads one parameter or part. It has a name and exactly one sort of content.
    pub fn read(node: Node<'d>) -> Result<Self, ErrorKind> {
        if node.kind() != Kind::Object {
            return Err(ErrorKind::NotAPatch("a parameter is a JSON object"));
        }
        let (mut name, mut content) = (None, None);
        for (key, value) in node.members() {
            let found = match key.name_id() {
                NAME => {
                    name = value.as_str();
                    continue;
                }
                PART if value.kind() == Kind::Array => Content::Parts(value),
                RESOURCE if value.kind() == Kind::Object => Content::Resource(value),
                id => match value_type(id) {
                    Some(value_type) if id.is_companion() => {
                        Content::Value { value_type, value: None, companion: Some(value) }
                    }
                    Some(value_type) => Content::Value { value_type, value: Some(value), companion: None },
                    None => continue,
                },
            };
            content = Some(match content {
                None => found,
                Some(before) => {
                    join(before, found).ok_or_else(|| ErrorKind::Twice(key.as_str().into_owned()))?
                }
            });
        }
        let name = name.ok_or(ErrorKind::Missing("name"))?;
        let content = content.ok_or(ErrorKind::Missing("value[x], part or resource"))?;
        Ok(Part { name, content })
    }

    /// The text of a value of any type that JSON writes as a string.
    pub fn text(&self, member: &'static str) -> Result<Cow<'d, str>, ErrorKind> {
        match &self.content {
            Content::Value { value: Some(value), .. } => value.as_str(),
            _ => None,
        }
        .ok_or(ErrorKind::WrongType { member, expected: "a valueString or valueCode" })
    }

    /// The value of a `valueInteger` that is not negative.
    pub fn number(&self, member: &'static str) -> Result<u64, ErrorKind> {
        match &self.content {
            Content::Value { value: Some(value), .. } => {
                value.number_text().and_then(|digits| digits.parse().ok())
            }
            _ => None,
        }
        .ok_or(ErrorKind::WrongType { member, expected: "a valueInteger of 0 or more" })
    }

    /// What the part holds, for messages.
    pub fn described(&self) -> String {
        match &self.content {
            Content::Value { value_type, .. } => value_type.path().to_owned(),
            Content::Parts(_) => "parts".to_owned(),
            Content::Resource(_) => "a resource".to_owned(),
        }
    }
}

/// The parts of an array, read one by one.
pub fn parts<'d>(array: Node<'d>) -> impl Iterator<Item = Result<Part<'d>, ErrorKind>> {
    array.items().map(Part::read)
}

/// The type that a member called `value[x]` or `_value[x]` has.
fn value_type(name: NameId) -> Option<TypeId> {
    let (element, value_type) = (*PARAMETER)?.member(name.element())?;
    (element.name == "value").then_some(value_type.id)
}

/// A value and its companion are one content; nothing else goes together.
fn join<'d>(one: Content<'d>, other: Content<'d>) -> Option<Content<'d>> {
    match (one, other) {
        (
            Content::Value { value_type, value, companion },
            Content::Value { value_type: other_type, value: other_value, companion: other_companion },
        ) if value_type == other_type && value.is_some() == other_companion.is_some() => {
            Some(Content::Value {
                value_type,
                value: value.or(other_value),
                companion: companion.or(other_companion),
            })
        }
        _ => None,
    }
}

impl<'d> Content<'d> {
    /// A text for a message about a value that does not fit.
    pub fn is_value_of(&self, path: &str) -> bool {
        matches!(self, Content::Value { value_type, .. } if value_type.path() == path)
    }
}

/// A part's name in a message.
pub fn unknown(part: &Part<'_>) -> ErrorKind {
    ErrorKind::UnknownPart(shown(&part.name))
}
