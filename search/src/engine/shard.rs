//! A search shard: a tail, and what turns it into segments, if anything does.

use super::disk::{self, Disk, Found};
use super::options::Options;
use super::tail::Tail;
use crate::error::Result;
use proto::id::{PartitionId, TenantId};
use std::sync::Arc;
use storage::Change;

/// The shard.
pub struct Shard {
    pub tail: Arc<Tail>,
    /// `None`: everything stays in the tail.
    disk: Option<Disk>,
}

impl Shard {
    /// Over an index.
    pub fn start(number: usize, found: &Found, options: &Options) -> Result<Self> {
        let (tail, disk) = Disk::start(number, found, options)?;
        Ok(Shard { tail, disk: Some(disk) })
    }

    /// A tail alone.
    pub fn in_memory() -> Self {
        Shard { tail: Arc::new(Tail::alone()), disk: None }
    }

    /// Adds changes. With an index: drops them if that index is in already, else moves it. Without: a replay, whose
    /// index the caller reports when it is complete. Where the tail is full it is ready once there is room; no thread
    /// waits meanwhile. One caller per partition at a time.
    pub async fn push(&self, partition: PartitionId, index: Option<u64>, changes: &[Change]) {
        let Some(live) = self.tail.begin(partition, index) else { return };
        for part in changes.chunks(self.tail.slice_max()) {
            // Made before the lock is taken, for searches take it too.
            let entries = part.iter().map(|change| Tail::entry(partition, change, live)).collect();
            if let Err(entries) = self.tail.add(entries) {
                disk::wait(&self.tail, entries).await;
            }
        }
        if let Some(index) = index {
            self.tail.end(partition, index);
        }
    }

    /// Forgets a partition. One caller per partition at a time, of this and of `push`.
    pub async fn forget(&self, partition: PartitionId) {
        if let Some(forget) = self.tail.forget(partition) {
            self.tail.forgotten(&forget).await;
        }
    }

    /// Forgets a tenant of which nothing is pushed any more.
    pub async fn forget_tenant(&self, tenant: TenantId) {
        if let Some(forget) = self.tail.forget_tenant(tenant) {
            self.tail.forgotten(&forget).await;
        }
    }

    /// The tenants that the segments have documents of.
    ///
    /// # Errors
    /// Of the index.
    pub fn tenants(&self) -> Result<Vec<TenantId>> {
        self.tail.snapshot().segments.map_or(Ok(vec![]), |segments| segments.tenants())
    }

    /// Seals what is left, if anything does. Dropping does the same.
    pub fn close(self) {
        drop(self.disk);
    }
}
