//! A source whose StructureDefinitions have snapshots.

use super::{Error, Limits, generate, has_snapshot};
use crate::conformance::{Canonical, Source};
use crate::definitions::ResourceType;
use crate::json::Document;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many made snapshots are kept; beyond it all are forgotten and made again when asked for.
const KEPT_MAX: usize = 4096;

/// Another source, with snapshots for the StructureDefinitions that come as a differential only. They are made when
/// asked for and kept until the source's revision rises.
pub struct Snapshots {
    source: Arc<dyn Source>,
    limits: Limits,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    revision: u64,
    by_key: BTreeMap<Key, Arc<Document>>,
}

type Key = (Box<str>, Option<Box<str>>);

impl Snapshots {
    pub fn new(source: Arc<dyn Source>, limits: Limits) -> Self {
        Snapshots { source, limits, made: Mutex::default() }
    }

    /// The StructureDefinition of that URL, with a snapshot; none if it is not known. Errors: those of [`generate`].
    pub fn structure(&self, url: &str, version: Option<&str>) -> Result<Option<Arc<Document>>, Error> {
        let revision = self.source.revision();
        let structures = ResourceType::from_name("StructureDefinition");
        let found = structures.and_then(|structures| self.source.find(structures, url, version));
        let Some(found) = found else { return Ok(None) };
        if has_snapshot(&found) {
            return Ok(Some(found));
        }
        let key: Key = (url.into(), version.map(Into::into));
        if let Some(known) = self.known(revision, &key) {
            return Ok(Some(known));
        }
        let made = Arc::new(generate(&*self.source, &found, &self.limits)?);
        self.keep(revision, key, made.clone());
        Ok(Some(made))
    }

    fn known(&self, revision: u64, key: &Key) -> Option<Arc<Document>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.revision != revision { None } else { made.by_key.get(key).cloned() }
    }

    fn keep(&self, revision: u64, key: Key, document: Arc<Document>) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.revision != revision || made.by_key.len() >= KEPT_MAX {
            *made = Made { revision, by_key: BTreeMap::new() };
        }
        made.by_key.insert(key, document);
    }
}

impl Source for Snapshots {
    /// A StructureDefinition whose snapshot cannot be made is given as it is: [`Snapshots::structure`] tells why.
    fn find(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<Arc<Document>> {
        if resource_type.name() == "StructureDefinition"
            && let Ok(found) = self.structure(url, version)
        {
            return found;
        }
        self.source.find(resource_type, url, version)
    }

    fn fault(&self, resource_type: ResourceType, url: &str, version: Option<&str>) -> Option<String> {
        if resource_type.name() != "StructureDefinition" {
            return self.source.fault(resource_type, url, version);
        }
        let reason = self.structure(url, version).err();
        reason.map(|error| format!("its snapshot cannot be made: {error}"))
    }

    fn canonicals(&self, resource_type: ResourceType) -> Vec<Canonical> {
        self.source.canonicals(resource_type)
    }

    fn revision(&self) -> u64 {
        self.source.revision()
    }
}
