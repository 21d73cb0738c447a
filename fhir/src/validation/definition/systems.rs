//! Code systems as far as codes can be checked against them, kept by URL.

use crate::definitions::ResourceType;
use crate::terminology::{CodeSystem, Terminology, ValueSet};
use hashbrown::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// URLs kept, known or not: who sends ever new ones must not fill the memory.
const KEPT_MAX: usize = 5_000;

/// What can be said about the codes of a system.
#[derive(Clone)]
pub(in crate::validation) enum System {
    /// The value set of all of its codes, and what is known of each if its resource holds them all.
    All(Arc<ValueSet>, Option<Arc<CodeSystem>>),
    /// It only adds to another system and has no codes.
    Supplement,
    /// Its codes are not known here.
    Unknown,
}

#[derive(Default)]
pub(in crate::validation) struct Systems {
    kept: RwLock<HashMap<Box<str>, System>>,
}

impl Systems {
    /// The system of that URL.
    pub fn find(&self, url: &str, terminology: &Terminology) -> System {
        // A poisoned lock only means that somebody panicked between two consistent states.
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(url).cloned();
        if let Some(system) = kept {
            return system;
        }
        let system = look_up(url, terminology);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.insert(url.into(), system.clone());
        }
        system
    }
}

fn look_up(url: &str, terminology: &Terminology) -> System {
    const CODE_SYSTEM: ResourceType = ResourceType::from_name("CodeSystem").expect("a resource type");
    let document = terminology.source().find(CODE_SYSTEM, url, None);
    // What names a system it supplements is a supplement, whatever it says of its content.
    if document.is_some_and(|document| document.root().get("supplements").is_some()) {
        return System::Supplement;
    }
    let Ok(all) = terminology.value_set(&format!("{url}?fhir_vs")) else { return System::Unknown };
    let concepts = terminology.code_system(url, None).ok().flatten();
    System::All(all, concepts.filter(|system| system.is_complete()))
}
