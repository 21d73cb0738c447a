//! Definitions by type and by canonical URL, compiled on first use and kept.

use super::systems::Systems;
use super::{Definition, build};
use crate::conformance::{Canonical, Core, Source};
use crate::definitions::{ResourceType, TypeId, TypeKind};
use crate::json::Node;
use hashbrown::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// URLs kept, known or not: who sends ever new ones must not fill the memory.
const KEPT_MAX: usize = 20_000;

/// What a canonical URL stands for.
#[derive(Clone)]
pub(in crate::validation) enum Found {
    Definition(Arc<Definition>),
    /// No source knows it.
    Unknown,
    /// It is known, but not usable: why.
    Broken(Arc<str>),
    /// It is a logical model: nothing that is a resource or an element of one is an instance of it.
    Logical,
}

pub(in crate::validation) struct Definitions {
    source: Arc<dyn Source>,
    /// The source's revision before anything was asked.
    pub revision: u64,
    types: Box<[OnceLock<Option<Arc<Definition>>>]>,
    profiles: RwLock<HashMap<Box<str>, Found>>,
    pub systems: Systems,
}

impl Definitions {
    pub fn new(source: Arc<dyn Source>) -> Self {
        let revision = source.revision();
        let types = TypeId::all().map(|_| OnceLock::new()).collect();
        Definitions { source, revision, types, profiles: RwLock::default(), systems: Systems::default() }
    }

    /// Where definitions come from.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// The definition of a type with a name of its own, as R4 has it: what a source says of that URL changes no type. None
    /// for a backbone element.
    pub fn of_type(&self, id: TypeId) -> Option<&Arc<Definition>> {
        let compile = || {
            if id.definition().kind == TypeKind::Backbone {
                return None;
            }
            match self.compile(&Core, &format!("{BASE}{}", id.path()), None) {
                Found::Definition(definition) => Some(definition),
                _ => None,
            }
        };
        self.types[id.number()].get_or_init(compile).as_ref()
    }

    /// What `canonical` (`url` or `url|version`) defines. Its fragment is not looked at: see [`Definition::named`].
    pub fn profile(&self, canonical: &str) -> Found {
        let canonical = canonical.split('#').next().unwrap_or_default();
        let (url, version, _) = Canonical::read(canonical);
        if version.is_none()
            && let Some(id) = url.strip_prefix(BASE).and_then(TypeId::from_path)
            && let Some(definition) = self.of_type(id)
        {
            return Found::Definition(definition.clone());
        }
        // A poisoned lock only means that somebody panicked between two consistent states.
        let kept = self.profiles.read().unwrap_or_else(PoisonError::into_inner).get(canonical).cloned();
        if let Some(found) = kept {
            return found;
        }
        let found = self.compile(&*self.source, url, version);
        let mut profiles = self.profiles.write().unwrap_or_else(PoisonError::into_inner);
        // What nobody knows has no end, and must leave room for what is known.
        let max = if matches!(found, Found::Unknown) { KEPT_MAX / 2 } else { KEPT_MAX };
        if profiles.len() < max {
            profiles.insert(canonical.into(), found.clone());
        }
        found
    }

    fn compile(&self, source: &dyn Source, url: &str, version: Option<&str>) -> Found {
        let Some(kind) = ResourceType::from_name("StructureDefinition") else { return Found::Unknown };
        let Some(document) = source.find(kind, url, version) else { return Found::Unknown };
        if document.root().get("kind").and_then(Node::as_str).is_some_and(|kind| kind == "logical") {
            return Found::Logical;
        }
        match build::compile(&document, &|id| self.of_type(id).cloned()) {
            Ok(definition) => Found::Definition(Arc::new(definition)),
            // What made the source give it so says more.
            Err(reason) => Found::Broken(self.source.fault(kind, url, version).unwrap_or(reason).into()),
        }
    }
}
