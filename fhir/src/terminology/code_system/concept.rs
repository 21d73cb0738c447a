//! One concept of a code system.

use crate::index::query::normalize;
use crate::json::{Document, Limits, Node, write_string};
use crate::terminology::coded::Coded;
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
    /// Property `status` is deprecated, or there is a `deprecationDate`.
    pub is_deprecated: bool,
}

impl Concept {
    /// Whether `text` is the display or a designation in any language, whatever its case and white space. A concept
    /// without any takes each. Does not allocate.
    pub fn has_display(&self, text: &str) -> bool {
        let mut known = self.displays().peekable();
        known.peek().is_none() || known.any(|one| is_same_display(one, text))
    }

    fn displays(&self) -> impl Iterator<Item = &str> {
        self.display.as_deref().into_iter().chain(self.designations.iter().map(|one| &*one.value))
    }
}

/// Whether two displays differ in case and white space only.
pub(in crate::terminology) fn is_same_display(one: &str, other: &str) -> bool {
    one == other || folded(one).eq(folded(other))
}

/// The characters in lower case, a space before each word.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace()
        .flat_map(|word| [' '].into_iter().chain(word.chars().flat_map(char::to_lowercase)))
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

impl Designation {
    /// Whether its language is that one, or a variety of it (`de-CH` is in `de`).
    pub fn is_in(&self, language: &str) -> bool {
        self.language.as_deref().is_some_and(|own| is_in(own, language))
    }

    /// Its use.
    pub(in crate::terminology) fn usage(&self) -> Option<Coded> {
        let coding = Document::parse(self.usage.as_ref()?.to_string(), &Limits::default()).ok()?;
        Some(Coded::read(coding.root()))
    }

    pub(in crate::terminology) fn memory_bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        size_of::<Designation>() + text(&self.language) + text(&self.usage) + self.value.len()
    }

    /// As `ValueSet.expansion.contains.designation`.
    pub(in crate::terminology) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(language) = &self.language {
            out.extend_from_slice(b"\"language\":");
            write_string(out, language);
            out.push(b',');
        }
        if let Some(usage) = &self.usage {
            out.extend_from_slice(b"\"use\":");
            out.extend_from_slice(usage.as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"value\":");
        write_string(out, &self.value);
        out.push(b'}');
    }
}

/// Whether a language is that one, or a variety of it.
pub(in crate::terminology) fn is_in(own: &str, language: &str) -> bool {
    let same = own.get(..language.len()).is_some_and(|start| start.eq_ignore_ascii_case(language));
    same && matches!(own.as_bytes().get(language.len()), None | Some(b'-'))
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
    /// Makes the display one designation of several, as that of a supplement is: the system's own goes before it.
    pub(super) fn demote_display(&mut self, language: Option<&str>) {
        let Some(value) = self.display.take() else { return };
        let display = Designation { language: language.map(Into::into), usage: None, value };
        self.designations = [display].into_iter().chain(self.designations.iter().cloned()).collect();
    }

    pub(super) fn search_text(&self) -> Box<str> {
        let designations = self.designations.iter().map(|one| &*one.value);
        let texts = [&*self.code].into_iter().chain(self.display.as_deref()).chain(designations);
        normalize(&texts.collect::<Vec<_>>().join("\n")).into()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let designations: usize = self.designations.iter().map(Designation::memory_bytes).sum();
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
