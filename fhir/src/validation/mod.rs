//! Validation of resources (<https://hl7.org/fhir/R4/validation.html>).
//!
//! Two levels. [`structure`] reads the document once against tables made of the base types: names, cardinality, JSON
//! shape, types, the lexical rules of primitives. It is meant for every write, and needs no [`Source`]. [`Validator::validate`]
//! does that and then what only the definitions themselves say: bindings, invariants, references, extensions, profiles.

mod issue;
mod location;
mod structure;
pub mod xhtml;

pub use issue::{Code, Issue, Issues};

use crate::conformance::Source;
use crate::json::Node;
use std::sync::Arc;

/// What a [`Validator`] may do.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many issues one validation reports at most; errors come before the rest.
    pub issues_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { issues_max: 200 }
    }
}

/// Validates resources against the definitions of a [`Source`], compiling each on first use. Shared by all threads.
pub struct Validator {
    #[expect(dead_code, reason = "the full level reads it")]
    source: Arc<dyn Source>,
    options: Options,
}

impl Validator {
    /// A validator of what `source` defines, which should include [`Core`](crate::conformance::Core).
    pub fn new(source: Arc<dyn Source>, options: Options) -> Self {
        Validator { source, options }
    }

    /// The fast level: see [`structure`].
    pub fn structure(&self, resource: Node<'_>) -> Issues {
        structure(resource, self.options.issues_max)
    }
}

/// Checks the structure of a whole resource (`resource` is its object), and of every resource in it: element names,
/// cardinality, arrays and nulls, types, choices, primitives, `resourceType`, narrative. Reports at most `issues_max` issues.
///
/// <https://hl7.org/fhir/R4/json.html>, <https://hl7.org/fhir/R4/datatypes.html>
pub fn structure(resource: Node<'_>, issues_max: usize) -> Issues {
    let mut issues = Issues::new(issues_max);
    structure::check(resource, &mut issues);
    issues
}
