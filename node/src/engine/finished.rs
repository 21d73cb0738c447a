//! Decisions that nobody needs any more.

use bytes::Bytes;
use parking_lot::Mutex;
use proto::{PartitionId, TenantId};
use std::collections::BTreeMap;

/// Transactions of this node whose participants have all finished, until their decisions are forgotten.
#[derive(Debug, Default)]
pub struct Finished(Mutex<BTreeMap<(PartitionId, TenantId), Vec<Bytes>>>);

/// Per partition and tenant; what is more stays decided until the next start.
const FINISHED_MAX: usize = 10_000;

impl Finished {
    /// Notes a transaction that its coordinator is through with.
    pub fn add(&self, coordinator: PartitionId, tenant: TenantId, transaction: Bytes) {
        let mut all = self.0.lock();
        let one = all.entry((coordinator, tenant)).or_default();
        if one.len() < FINISHED_MAX {
            one.push(transaction);
        }
    }

    /// All that were noted since.
    pub fn take(&self) -> BTreeMap<(PartitionId, TenantId), Vec<Bytes>> {
        std::mem::take(&mut *self.0.lock())
    }
}
