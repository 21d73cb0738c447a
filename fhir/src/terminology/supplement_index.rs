//! Which supplements there are.

use super::{CODE_SYSTEM, member};
use crate::conformance::{Canonical, Source};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// The supplements of a source by the system they supplement, made when first asked for.
#[derive(Debug, Default)]
pub(super) struct Index(RwLock<Option<Known>>);

/// What the source had at that revision.
#[derive(Debug)]
struct Known {
    revision: u64,
    by_system: BTreeMap<Box<str>, Vec<Canonical>>,
}

impl Index {
    /// The supplements of that system.
    pub fn of(&self, source: &dyn Source, system: &str) -> Vec<Canonical> {
        let revision = source.revision();
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.as_ref().filter(|known| known.revision == revision) {
            return known.by_system.get(system).cloned().unwrap_or_default();
        }
        drop(kept);
        let by_system = read(source);
        let found = by_system.get(system).cloned().unwrap_or_default();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Known { revision, by_system });
        found
    }
}

fn read(source: &dyn Source) -> BTreeMap<Box<str>, Vec<Canonical>> {
    let mut known = BTreeMap::<Box<str>, Vec<Canonical>>::new();
    for one in source.canonicals(CODE_SYSTEM) {
        let document = source.find(CODE_SYSTEM, &one.url, one.version.as_deref());
        let supplemented = document.and_then(|document| member::text(document.root(), "supplements"));
        if let Some(canonical) = supplemented {
            known.entry(Canonical::read(&canonical).0.into()).or_default().push(one);
        }
    }
    known
}
