//! What the log's thread and its callers share.

use super::Health;
use super::groups::Groups;
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// The same for both.
pub(super) struct Shared {
    pub groups: Groups,
    pub health: RwLock<Health>,
    pub stopping: AtomicBool,
    /// Of the last append that was accepted.
    pub sequence: AtomicU64,
    pub counters: Counters,
    /// The last index of each group in the oldest segment that is not the active one.
    pub oldest: Mutex<BTreeMap<u32, u64>>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub fsyncs: AtomicU64,
    pub entries: AtomicU64,
    pub bytes: AtomicU64,
    pub fsync_us: AtomicU64,
    pub segment_bytes: AtomicU64,
}
