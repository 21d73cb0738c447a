//! R4's own conformance resources.

use super::{Canonical, Source};
use crate::definitions::{ResourceType, archive};
use crate::json::Document;
use std::sync::Arc;

/// The version of FHIR, which every resource of the specification may also be named by.
const R4: &str = "4.0.1";

/// What the specification itself defines, embedded in this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Core;

impl Source for Core {
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        let record = archive::of(resource_type)?.find(resource_type, url)?;
        // Bindings of the specification name v2 and v3 value sets by FHIR's version, too.
        let wanted = version.is_none_or(|version| version == &*record.version || version == R4);
        wanted.then(|| record.document().clone())
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        let records = archive::of(resource_type).into_iter().flat_map(|archive| archive.records());
        let own = records.filter(|record| record.resource_type == resource_type);
        own.map(|record| Canonical {
            url: record.url.clone(),
            version: (!record.version.is_empty()).then(|| record.version.clone()),
        })
        .collect()
    }

    fn revision(&self) -> u64 {
        0
    }
}
