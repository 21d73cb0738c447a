//! Names of snapshots on their way.

use proto::internal::v1::SnapshotTransfer;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes names, each of which is given once: node ids are never used again, and each process has a number of its own.
pub(crate) struct Names {
    sender: u64,
    life: u64,
    last: AtomicU64,
}

impl Names {
    /// `life`: drawn when the process began.
    pub(crate) fn new(sender: u64, life: u64) -> Names {
        Names { sender, life, last: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> SnapshotTransfer {
        let number = 1 + self.last.fetch_add(1, Ordering::Relaxed);
        SnapshotTransfer { sender: self.sender, life: self.life, number }
    }
}
