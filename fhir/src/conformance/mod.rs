//! Where conformance resources (StructureDefinition, ValueSet, CodeSystem, ConceptMap, …) come from, by canonical URL:
//! R4's own, packages, the store.

mod canonical;
mod core;
mod layers;
pub mod package;
mod resources;
pub mod snapshot;
pub mod version;

pub use canonical::Canonical;
pub use core::Core;
pub use layers::Layers;
pub use package::Package;
pub use resources::Resources;

use crate::definitions::ResourceType;
use crate::json::Document;
use std::sync::Arc;

/// Conformance resources by type and canonical URL (https://hl7.org/fhir/R4/references.html#canonical).
pub trait Source: Send + Sync {
    /// The resource of that type and canonical URL: of the version given, else the latest this source knows. `url` has
    /// neither version nor fragment: see [`Canonical::read`].
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>>;

    /// Why what [`find`](Self::find) gives is not as it should be, such as a StructureDefinition whose snapshot cannot be made: a
    /// sentence without a full stop. `None`: nothing is wrong with it, or it is not known.
    fn fault(&self, _resource_type: ResourceType, _url: &str, _version: Option<&str>) -> Option<String> {
        None
    }

    /// Every resource of that type, in the order of URLs, then versions.
    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical>;

    /// Rises before an answer differs from an earlier one: who keeps what was compiled from an answer keeps the
    /// revision read *before* asking, and asks again when it has risen. It need not rise for Questionnaires and Measures, which
    /// are many, change often, and are never kept compiled.
    fn revision(&self) -> u64;
}
