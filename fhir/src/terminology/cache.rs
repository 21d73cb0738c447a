//! What was compiled, within bounds.

use super::{CodeSystem, Error, Limits, ValueSet};
use crate::json::Document;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What an entry costs besides what it holds: key, hash table, error.
const ENTRY_BYTES: usize = 512;

/// Compiled value sets and code systems. Where one more would break a bound, all are forgotten: value sets hold the code
/// systems they were compiled with, so to forget some of them would free little.
#[derive(Default)]
pub(super) struct Cache(RwLock<Inner>);

#[derive(Default)]
struct Inner {
    value_sets: HashMap<Box<str>, Kept>,
    code_systems: HashMap<Box<str>, Arc<CodeSystem>>,
    /// Of all entries, and of those they replaced: a value set may hold an older code system still.
    bytes: usize,
}

/// What was compiled, or why not, and the revision of the source it is right for.
#[derive(Clone)]
pub(super) struct Kept {
    pub revision: u64,
    pub compiled: Result<Arc<ValueSet>, Error>,
}

impl Cache {
    pub fn bytes(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).bytes
    }

    pub fn value_set(&self, canonical: &str) -> Option<Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).value_sets.get(canonical).cloned()
    }

    /// Keeps it, if it may be kept at all.
    pub fn keep_value_set(&self, canonical: &str, kept: Kept, limits: &Limits) {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = inner.value_sets.get_mut(canonical).filter(|own| own.is_same(&kept)) {
            own.revision = kept.revision;
            return;
        }
        let own = kept.compiled.as_ref().map_or(0, |one| one.bytes());
        let systems = |inner: &Inner| kept.compiled.as_ref().map_or(0, |one| inner.others(one));
        let entry = ENTRY_BYTES + 2 * canonical.len() + own;
        if !inner.fits(entry + systems(&inner), limits) {
            inner.clear();
        }
        // An emptied cache holds none of its code systems: they count as well.
        let bytes = entry + systems(&inner);
        if inner.fits(bytes, limits) {
            inner.bytes += bytes;
            inner.value_sets.insert(canonical.into(), kept);
        }
    }

    /// The code system that was compiled from that very document.
    pub fn code_system(&self, key: &str, document: &Arc<Document>) -> Option<Arc<CodeSystem>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).code_system(key, document)
    }

    /// Keeps it, if it may be kept at all; gives the one to use. Who was first wins: what two threads compile at a time is
    /// held once.
    pub fn keep_code_system(&self, key: &str, compiled: Arc<CodeSystem>, limits: &Limits) -> Arc<CodeSystem> {
        let mut inner = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = inner.code_system(key, &compiled.document) {
            return first;
        }
        let bytes = ENTRY_BYTES + key.len() + compiled.bytes();
        if !inner.fits(bytes, limits) {
            inner.clear();
        }
        if inner.fits(bytes, limits) {
            inner.bytes += bytes;
            inner.code_systems.insert(key.into(), compiled.clone());
        }
        compiled
    }
}

impl Kept {
    fn is_same(&self, other: &Kept) -> bool {
        match (&self.compiled, &other.compiled) {
            (Ok(own), Ok(other)) => Arc::ptr_eq(own, other),
            (Err(own), Err(other)) => own == other,
            _ => false,
        }
    }
}

impl Inner {
    fn fits(&self, bytes: usize, limits: &Limits) -> bool {
        let count = self.value_sets.len().max(self.code_systems.len());
        count < limits.cached_max && self.bytes.saturating_add(bytes) <= limits.cached_bytes_max
    }

    fn clear(&mut self) {
        *self = Inner::default();
    }

    fn code_system(&self, key: &str, document: &Arc<Document>) -> Option<Arc<CodeSystem>> {
        let kept = self.code_systems.get(key).filter(|kept| is_same_document(&kept.document, document));
        kept.cloned()
    }

    /// Bytes of the code systems that only this value set holds.
    fn others(&self, value_set: &ValueSet) -> usize {
        let kept = |system: &&Arc<CodeSystem>| {
            let own = self.code_systems.get(&*system.key());
            own.is_some_and(|own| Arc::ptr_eq(own, system))
        };
        value_set.known_systems().filter(|system| !kept(system)).map(|system| system.bytes()).sum()
    }
}

/// Whether both are the same resource, be it read twice.
pub(super) fn is_same_document(one: &Arc<Document>, other: &Arc<Document>) -> bool {
    Arc::ptr_eq(one, other) || one.source() == other.source()
}
