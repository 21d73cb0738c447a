//! The node-local cache of conditional references: `Organization?identifier=…` to the one resource it names. Kept
//! right by the change feed: any change of a resource of the type voids what was found among them.

use parking_lot::RwLock;
use proto::{ResourceId, TenantId};
use rustc_hash::FxHashMap;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use storage::Change;

/// What a conditional reference resolved to, valid while no resource of its type changed.
pub struct ReferenceCache {
    entries: RwLock<FxHashMap<(TenantId, Arc<str>), Entry>>,
    /// Per type code (modulo the table's size): how many changes there were.
    generations: Vec<AtomicU64>,
    entries_max: usize,
}

struct Entry {
    id: ResourceId,
    generation: u64,
}

/// More than there are resource types, so that types do not share a counter.
const GENERATIONS: usize = 512;

impl ReferenceCache {
    /// Keeps at most `entries_max`; a full cache starts over.
    pub fn new(entries_max: usize) -> Self {
        let generations = (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect();
        ReferenceCache { entries: RwLock::default(), generations, entries_max }
    }

    /// The generation to note before searching: a change in between voids the entry.
    pub fn generation(&self, type_code: u16) -> u64 {
        self.generations[usize::from(type_code) % GENERATIONS].load(Ordering::Acquire)
    }

    /// What criteria about resources of that type resolved to, by their key, if nothing of the type changed since.
    pub fn get(&self, tenant: TenantId, type_code: u16, key: &Arc<str>) -> Option<ResourceId> {
        let entries = self.entries.read();
        let entry = entries.get(&(tenant, key.clone()))?;
        (entry.generation == self.generation(type_code)).then_some(entry.id)
    }

    /// Keeps what a search found that began at `generation`.
    pub fn put(&self, tenant: TenantId, key: &Arc<str>, id: ResourceId, generation: u64) {
        let mut entries = self.entries.write();
        if entries.len() >= self.entries_max {
            entries.clear();
        }
        entries.insert((tenant, key.clone()), Entry { id, generation });
    }

    /// Forgets everything.
    pub fn clear(&self) {
        if !self.entries.read().is_empty() {
            self.entries.write().clear();
        }
    }

    /// The change feed moved.
    pub fn changed(&self, changes: &[Change]) {
        for change in changes {
            self.generations[usize::from(change.key.type_code.0) % GENERATIONS]
                .fetch_add(1, Ordering::AcqRel);
        }
    }
}
