//! Rows that belong to prepared transactions. In memory only: the partition rebuilds them from the prepared table when it
//! opens, the state machine changes them.

use crate::version::Lock;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The locks readers see, by the key of the locked row.
#[derive(Default)]
pub struct Locks {
    rows: RwLock<FxHashMap<Vec<u8>, Lock>>,
    /// How many transactions are prepared. Nearly always none, so reads look here first.
    prepared: AtomicUsize,
}

/// What a slice of the log locks and frees.
#[derive(Default)]
pub struct LockChanges {
    pub rows: BTreeMap<Vec<u8>, Option<Lock>>,
    /// Transactions prepared less transactions finished.
    pub prepared: isize,
}

impl LockChanges {
    /// The change of that row, if any.
    pub fn of(&self, row: &[u8]) -> Option<&Option<Lock>> {
        self.rows.get(row)
    }

    /// Later changes on top of these.
    pub fn extend(&mut self, later: LockChanges) {
        self.rows.extend(later.rows);
        self.prepared += later.prepared;
    }
}

impl Locks {
    /// Makes changes visible.
    pub fn change(&self, changes: LockChanges) {
        if changes.rows.is_empty() && changes.prepared == 0 {
            return;
        }
        let mut rows = self.rows.write();
        for (row, lock) in changes.rows {
            match lock {
                Some(lock) => rows.insert(row, lock),
                None => rows.remove(&row),
            };
        }
        let prepared = self.prepared.load(Ordering::Relaxed).strict_add_signed(changes.prepared);
        self.prepared.store(prepared, Ordering::Release);
    }

    /// Makes these all there are.
    pub fn replace(&self, all: LockChanges) {
        let mut rows = self.rows.write();
        *rows = all.rows.into_iter().filter_map(|(row, lock)| Some((row, lock?))).collect();
        self.prepared.store(all.prepared.unsigned_abs(), Ordering::Release);
    }

    /// Whether any transaction is prepared: one atomic load.
    pub fn any(&self) -> bool {
        self.count() != 0
    }

    /// How many transactions are prepared: one atomic load.
    pub fn count(&self) -> usize {
        self.prepared.load(Ordering::Acquire)
    }

    /// The lock on a row.
    pub fn of(&self, row: &[u8]) -> Option<Lock> {
        if !self.any() {
            return None;
        }
        self.rows.read().get(row).cloned()
    }
}
