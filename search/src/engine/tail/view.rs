//! What one search sees of the whole engine.
//!
//! A resource that moves to another compartment is put at one partition and evicted at another, in either order and maybe
//! in different shards. Until the eviction comes, the older state is hidden by the newer one wherever that is in a tail.

use super::generation::Entry;
use super::snapshot::Snapshot;
use proto::id::{ResourceKey, TenantId};

/// A snapshot of every shard.
pub struct View(Vec<Snapshot>);

impl View {
    /// Over the snapshots of all shards, in their order.
    pub fn new(snapshots: Vec<Snapshot>) -> Self {
        View(snapshots)
    }

    /// The snapshots, in the order of the shards.
    pub fn shards(&self) -> &[Snapshot] {
        &self.0
    }

    /// Whether no shard has a tail, so that no document of a segment is hidden.
    pub fn is_sealed(&self) -> bool {
        self.0.iter().all(Snapshot::is_sealed)
    }

    /// Whether a tail may hide a document of `shard` with that hash.
    #[inline]
    pub fn may_hide(&self, shard: usize, hash: u64) -> bool {
        self.0[shard].may_hide(hash) || self.0.iter().any(|snapshot| snapshot.may_outdate(hash))
    }

    /// Whether a tail hides a document of `shard`: a later state of the row, or a newer one in another compartment.
    pub fn hides(&self, shard: usize, hash: u64, tenant: TenantId, key: &ResourceKey, version: u64) -> bool {
        self.0[shard].hides(hash, tenant, key) || self.outdates(hash, tenant, key, version)
    }

    /// Whether the resource of a tail entry has a newer state in another compartment.
    pub fn outdates_entry(&self, entry: &Entry) -> bool {
        self.0.iter().any(|snapshot| snapshot.may_outdate(entry.hash))
            && self.outdates(entry.hash, entry.tenant, &entry.key, entry.version)
    }

    fn outdates(&self, hash: u64, tenant: TenantId, key: &ResourceKey, version: u64) -> bool {
        self.0.iter().any(|snapshot| snapshot.outdates(hash, tenant, key, version))
    }
}
