//! Compiled code systems (<https://hl7.org/fhir/R4/codesystem.html>).

mod concept;
mod filter;
mod hierarchy;
mod read;

pub use concept::{Concept, ConceptProperty, Designation, PropertyType};
pub(super) use concept::{is_in, is_same_display};
pub(super) use filter::Filter;
pub use hierarchy::Subsumption;

use super::code_table::CodeTable;
use crate::json::Document;
use hierarchy::Hierarchy;
use roaring::RoaringBitmap;
use std::sync::{Arc, OnceLock};

/// How much of the code system the resource holds: <https://hl7.org/fhir/R4/valueset-codesystem-content-mode.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentMode {
    NotPresent,
    Example,
    Fragment,
    Complete,
    Supplement,
}

/// A code system with its concepts. A concept is named by its number, from 0 in document order.
#[derive(Debug)]
pub struct CodeSystem {
    pub(super) document: Arc<Document>,
    pub url: Box<str>,
    pub version: Option<Box<str>>,
    pub name: Option<Box<str>>,
    /// Which system this one adds designations and properties to.
    pub supplements: Option<Box<str>>,
    /// The value set of all its codes.
    pub value_set: Option<Box<str>>,
    pub content: ContentMode,
    pub case_sensitive: bool,
    /// The language of displays and definitions.
    pub language: Option<Box<str>>,
    concepts: Vec<Concept>,
    /// The codes of properties; concepts name them by position.
    properties: Vec<Box<str>>,
    table: CodeTable,
    hierarchy: Hierarchy,
    inactive: RoaringBitmap,
    all: RoaringBitmap,
    /// What a text filter looks at, per concept; made on first use.
    search: OnceLock<Vec<Box<str>>>,
    bytes: OnceLock<usize>,
}

/// What names a code system of that URL and version among those that are kept.
pub(super) fn key(url: &str, version: Option<&str>) -> String {
    format!("{url}|{}", version.unwrap_or_default())
}

impl CodeSystem {
    /// The number of that code.
    #[inline]
    pub fn find(&self, code: &str) -> Option<u32> {
        self.table.find(code, |number| &self.concepts[number as usize].code)
    }

    /// The concept of that number; panics if there is none.
    pub fn concept(&self, number: u32) -> &Concept {
        &self.concepts[number as usize]
    }

    /// All concepts in document order.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// The code of a concept's property.
    pub fn property_code(&self, property: &ConceptProperty) -> &str {
        &self.properties[property.code as usize]
    }

    /// Concepts directly below that one, in document order.
    pub fn children(&self, number: u32) -> &[u32] {
        self.hierarchy.children(number)
    }

    /// Concepts directly above that one.
    pub fn parents(&self, number: u32) -> &[u32] {
        self.hierarchy.parents(number)
    }

    /// That concept and all below it.
    pub fn at_or_below(&self, number: u32) -> RoaringBitmap {
        self.hierarchy.closure(number, Hierarchy::children)
    }

    /// That concept and all above it.
    pub fn at_or_above(&self, number: u32) -> RoaringBitmap {
        self.hierarchy.closure(number, Hierarchy::parents)
    }

    /// How the first concept relates to the second.
    pub fn subsumption(&self, first: u32, second: u32) -> Subsumption {
        self.hierarchy.subsumption(first, second)
    }

    /// Code, display and designations of a concept in the form in which texts are compared, one a line.
    pub(super) fn search_text(&self, number: u32) -> &str {
        let texts = self.search.get_or_init(|| self.concepts.iter().map(Concept::search_text).collect());
        &texts[number as usize]
    }

    /// Every concept; of several with one code the first.
    pub fn all(&self) -> &RoaringBitmap {
        &self.all
    }

    /// Concepts that are no longer in use: property `inactive`, or `status` retired.
    pub fn inactive(&self) -> &RoaringBitmap {
        &self.inactive
    }

    /// Whether a code that is not found is certainly no code of this system.
    pub fn is_complete(&self) -> bool {
        self.content == ContentMode::Complete
    }

    /// What names it among those that are kept.
    pub(super) fn key(&self) -> String {
        key(&self.url, self.version.as_deref())
    }

    /// Memory held, in bytes, with the document and what a text filter will look at; counted once.
    pub(super) fn bytes(&self) -> usize {
        *self.bytes.get_or_init(|| {
            // What a text filter looks at is about as long as the texts.
            2 * self.memory_bytes() + self.document.memory_bytes()
        })
    }

    /// `url` or `url|version`.
    pub fn canonical(&self) -> String {
        match &self.version {
            Some(version) => format!("{}|{version}", self.url),
            None => self.url.to_string(),
        }
    }

    /// Memory held, in bytes, texts of concepts included, the document not.
    pub fn memory_bytes(&self) -> usize {
        let concepts: usize = self.concepts.iter().map(Concept::memory_bytes).sum();
        concepts + self.table.memory_bytes() + self.hierarchy.memory_bytes()
    }
}
