//! Snapshots of StructureDefinitions that come as a differential only
//! (<https://hl7.org/fhir/R4/profiling.html#snapshot>).
//!
//! The base's snapshot becomes a tree, the differential another; the second is laid over the first. What the differential
//! walks into is opened on the way: the definition of an element's type, the profile its type names, the element a
//! content reference points to. Where bases or type profiles have no snapshot themselves, theirs is made first.
//!
//! ```text
//! differential ─ tree::build ─┐
//!                             ├─ generate: lay over, open (expand), slice (slices) ─ tree::write ─ snapshot
//! base's snapshot ─ tree ─────┘
//! ```

mod choice;
mod element;
mod error;
mod expand;
mod generate;
mod merge;
mod slices;
mod snapshots;
mod tree;
mod write;

pub use error::Error;
pub use snapshots::Snapshots;

use super::Source;
use crate::json::Document;

/// What a snapshot may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Elements of one snapshot. The largest ones published have about 3,000.
    pub elements_max: usize,
    /// Steps of a path.
    pub depth_max: usize,
    /// Definitions without snapshot that build on one another.
    pub bases_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { elements_max: 20_000, depth_max: 32, bases_max: 24 }
    }
}

/// The StructureDefinition with a snapshot made from its differential; one that it has already is replaced.
///
/// `source` knows its base definition and what it walks into. A type profile that `source` does not know counts as its
/// type. All other members stay as they are.
///
/// Errors: no differential, an unknown base, elements that the base does not have, definitions that build on
/// themselves, more than `limits` allow.
pub fn generate(source: &dyn Source, definition: &Document, limits: &Limits) -> Result<Document, Error> {
    generate::Generator::new(source, limits).with_snapshot(definition)
}

/// Whether a StructureDefinition has a snapshot with elements.
pub fn has_snapshot(definition: &Document) -> bool {
    let snapshot = definition.root().get("snapshot");
    snapshot
        .and_then(|snapshot| snapshot.get("element"))
        .is_some_and(|elements| elements.items().next().is_some())
}
