//! What a value set was compiled from.

use crate::definitions::ResourceType;
use crate::json::Document;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Resources that were asked for, each once.
pub(in crate::terminology) type Dependencies = BTreeSet<Dependency>;

/// A resource that was asked for, and what was found.
#[derive(Clone, Debug)]
pub(in crate::terminology) struct Dependency {
    pub resource_type: ResourceType,
    pub url: Arc<str>,
    pub version: Option<Arc<str>>,
    pub found: Option<Arc<Document>>,
}

impl Dependency {
    /// By what was asked, then by which document was found: if the source changed between two questions both answers stay,
    /// and one of them is no longer the source's. The order shows nowhere.
    fn key(&self) -> (ResourceType, &str, Option<&str>, Option<usize>) {
        let found = self.found.as_ref().map(|found| Arc::as_ptr(found) as usize);
        (self.resource_type, &self.url, self.version.as_deref(), found)
    }
}

impl Ord for Dependency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Dependency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Dependency {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Dependency {}
