//! An invariant: replicas that are equally far have the same rows, whether they applied entries or took in a snapshot.

use parking_lot::Mutex;
use proto::PartitionId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use storage::Store;

/// Of so many entries one is looked at: a digest reads all rows.
const EVERY: u64 = 4;

/// Of all nodes. Clones share it.
#[derive(Clone, Default)]
pub struct Digests {
    /// By applied index.
    known: Arc<Mutex<BTreeMap<(PartitionId, u64), u32>>>,
    compared: Arc<AtomicUsize>,
}

/// One node's view of it.
pub struct Seen {
    pub store: Arc<Store>,
    pub digests: Digests,
}

impl Digests {
    /// How many snapshots were compared with the rows of who applied the entries.
    pub fn compared(&self) -> usize {
        self.compared.load(Ordering::Relaxed)
    }
}

impl Seen {
    pub fn applied(&self, id: PartitionId, index: u64) {
        if !index.is_multiple_of(EVERY) {
            return;
        }
        let digest = self.digest(id, index);
        let first = *self.digests.known.lock().entry((id, index)).or_insert(digest);
        assert_eq!(first, digest, "{id} has other rows at {index} than another replica had");
    }

    pub fn replaced(&self, id: PartitionId) {
        let index = self.store.partition(id).unwrap().applied().index;
        if !index.is_multiple_of(EVERY) {
            return;
        }
        let digest = self.digest(id, index);
        // Who sent them may have crashed between its tables and its observer.
        let Some(known) = self.digests.known.lock().get(&(id, index)).copied() else { return };
        assert_eq!(known, digest, "a snapshot of {id} at {index} has other rows than the leader had");
        self.digests.compared.fetch_add(1, Ordering::Relaxed);
    }

    fn digest(&self, id: PartitionId, index: u64) -> u32 {
        let rows = self.store.partition(id).unwrap();
        assert_eq!(rows.applied().index, index);
        rows.digest().unwrap()
    }
}
