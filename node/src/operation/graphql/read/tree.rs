//! A query, ready to be carried out.

use serde_json::Value;
use std::collections::BTreeMap;

/// One operation, and the fragments of its document.
#[derive(Debug, Default)]
pub struct Query {
    pub selections: Vec<Selection>,
    pub fragments: BTreeMap<String, Fragment>,
}

/// A named fragment.
#[derive(Debug)]
pub struct Fragment {
    /// The type it is about.
    pub on: String,
    pub selections: Vec<Selection>,
}

/// What is selected of an object.
#[derive(Debug)]
pub enum Selection {
    Field(Field),
    /// `... on Type { … }`
    Inline {
        on: Option<String>,
        selections: Vec<Selection>,
    },
    /// `...name`; the document has a fragment of that name.
    Spread(String),
}

/// A field that is selected.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    /// What it is called in the answer.
    pub key: String,
    /// Enums are strings.
    pub arguments: Vec<(String, Value)>,
    pub shape: Shape,
    pub selections: Vec<Selection>,
    pub at: Location,
}

/// The directives that change how a field is answered: <https://hl7.org/fhir/R4/graphql.html#directives>.
#[derive(Debug, Default)]
pub struct Shape {
    pub flatten: bool,
    pub first: bool,
    pub singleton: bool,
    /// A FHIRPath expression, or `$index`.
    pub slice: Option<String>,
}

/// Where something stands in the text, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    pub line: usize,
    /// In characters.
    pub column: usize,
}
