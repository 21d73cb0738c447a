//! One concept of a code system.

use crate::json::Node;
use crate::terminology::member;

/// A code with what is known of it (<https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.concept>).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concept {
    pub code: Box<str>,
    pub display: Option<Box<str>>,
    pub definition: Option<Box<str>>,
    pub designations: Box<[Designation]>,
    pub properties: Box<[ConceptProperty]>,
    /// For grouping only: property `notSelectable` or `abstract`.
    pub is_abstract: bool,
    /// Property `status` is deprecated.
    pub is_deprecated: bool,
}

/// Another text for a concept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Designation {
    pub language: Option<Box<str>>,
    /// The Coding of its use, as JSON.
    pub usage: Option<Box<str>>,
    pub value: Box<str>,
}

impl Designation {
    /// A designation of a CodeSystem's concept or a ValueSet's; `None` if it has no value.
    pub(in crate::terminology) fn read(node: Node<'_>) -> Option<Designation> {
        Some(Designation {
            language: member::text(node, "language"),
            usage: node.get("use").and_then(|usage| std::str::from_utf8(usage.raw()).ok()).map(Into::into),
            value: member::text(node, "value")?,
        })
    }
}

/// The value of one property of a concept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConceptProperty {
    /// See [`CodeSystem::property_code`](super::CodeSystem::property_code).
    pub(super) code: u32,
    pub value_type: PropertyType,
    /// The value's text; of a Coding the code.
    pub text: Box<str>,
    /// The whole Coding as JSON.
    pub coding: Option<Box<str>>,
}

/// The type of a property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyType {
    Boolean,
    Code,
    Coding,
    DateTime,
    Decimal,
    Integer,
    String,
}

impl PropertyType {
    /// The type of the member `value` + `suffix`.
    pub(super) fn from_suffix(suffix: &str) -> Option<Self> {
        [
            PropertyType::Boolean,
            PropertyType::Code,
            PropertyType::Coding,
            PropertyType::DateTime,
            PropertyType::Decimal,
            PropertyType::Integer,
            PropertyType::String,
        ]
        .into_iter()
        .find(|value_type| value_type.suffix() == suffix)
    }

    /// What follows `value` in the member's name: `Code`.
    pub fn suffix(self) -> &'static str {
        match self {
            PropertyType::Boolean => "Boolean",
            PropertyType::Code => "Code",
            PropertyType::Coding => "Coding",
            PropertyType::DateTime => "DateTime",
            PropertyType::Decimal => "Decimal",
            PropertyType::Integer => "Integer",
            PropertyType::String => "String",
        }
    }
}

impl Concept {
    pub(super) fn memory_bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let designations: usize = self
            .designations
            .iter()
            .map(|one| size_of::<Designation>() + text(&one.language) + text(&one.usage) + one.value.len())
            .sum();
        let properties: usize = self
            .properties
            .iter()
            .map(|one| size_of::<ConceptProperty>() + one.text.len() + text(&one.coding))
            .sum();
        size_of::<Concept>()
            + self.code.len()
            + text(&self.display)
            + text(&self.definition)
            + designations
            + properties
    }
}
