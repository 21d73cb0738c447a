//! What one search sees of a shard.

use super::generation::{Entry, Generation};
use super::sieve::Sieve;
use crate::engine::segments::Segments;
use proto::id::{ResourceKey, TenantId};
use std::sync::Arc;

/// The segments and, of each run, as many entries as were there.
pub struct Snapshot {
    /// `None`: there are none and never will be.
    pub segments: Option<Segments>,
    /// The older one first.
    pub runs: [Option<(Arc<Generation>, usize)>; 2],
}

impl Snapshot {
    /// The rows of the tail that pass the sieve, that `wanted` wants and that no later entry of the snapshot replaces,
    /// deletes left out.
    pub fn fresh(
        &self,
        sieve: &Sieve,
        wanted: impl Fn(&Entry) -> bool + Copy,
    ) -> impl Iterator<Item = &Entry> {
        let wanted = move |entry: &&Entry| entry.values.is_some() && wanted(entry);
        let [older, newer] = &self.runs;
        let hidden = move |entry: &Entry| {
            newer.as_ref().is_some_and(|(run, len)| {
                run.may_hide(entry.hash) && run.hides(*len, entry.hash, entry.tenant, &entry.key)
            })
        };
        let older = older.iter().flat_map(move |(run, len)| run.newest(*len, sieve).filter(wanted));
        let newer = newer.iter().flat_map(move |(run, len)| run.newest(*len, sieve).filter(wanted));
        older.filter(move |entry| !hidden(entry)).chain(newer)
    }

    /// Whether there is no tail, so that segments answer alone.
    pub fn is_sealed(&self) -> bool {
        self.runs.iter().all(Option::is_none)
    }

    /// Whether the tail may have a newer state of a row with that hash.
    #[inline]
    pub fn may_hide(&self, hash: u64) -> bool {
        self.runs.iter().flatten().any(|(run, _)| run.may_hide(hash))
    }

    /// Whether the tail has a newer state of that row.
    pub fn hides(&self, hash: u64, tenant: TenantId, key: &ResourceKey) -> bool {
        self.runs.iter().flatten().any(|(run, len)| run.hides(*len, hash, tenant, key))
    }

    /// Whether the tail may have a resource with that hash that came from another compartment.
    #[inline]
    pub fn may_outdate(&self, hash: u64) -> bool {
        self.runs.iter().flatten().any(|(run, _)| run.may_outdate(hash))
    }

    /// Whether the tail has a newer state of that resource in another compartment.
    pub fn outdates(&self, hash: u64, tenant: TenantId, key: &ResourceKey, version: u64) -> bool {
        self.runs.iter().flatten().any(|(run, len)| run.outdates(*len, hash, tenant, key, version))
    }
}
