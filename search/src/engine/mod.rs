//! Searches over the whole population of the node: Tantivy segments plus the fresh tail, as one.
//!
//! `publish` is called on the apply path and touches memory only; a sealer thread per shard writes segments behind. See
//! the crate's README for the picture.

mod directory;
pub mod identity;
pub mod index;
mod options;
mod read;
mod recovery;
mod shard;
mod tail;

pub use options::Options;
pub use recovery::{FORMAT, Recovered};

use crate::cursor::Signer;
use crate::error::{Error, Result};
use crate::matcher::{Facts, matches};
use crate::page::{Hit, Page, SortKey, cut};
use crate::query::Query;
use fhir::index::Values;
use index::translate::translate;
use proto::id::PartitionId;
use rustc_hash::FxHashMap;
use shard::Shard;
use std::path::Path;
use storage::Change;
use tail::Snapshot;

/// The search engine of a node.
pub struct Engine {
    shards: Vec<Shard>,
    signer: Signer,
}

impl Engine {
    /// Opens or makes the index in `dir`. A folder that cannot be trusted is rebuilt empty, never an error; the caller
    /// replays each partition's feed from [`Recovered::index_of`] on, see [`Engine::replay`].
    ///
    /// # Errors
    /// IO, or another process that has the folder open.
    pub fn open(dir: &Path, options: &Options) -> Result<(Engine, Recovered)> {
        let (indexes, recovered) = recovery::open(dir, options)?;
        let mut shards = Vec::with_capacity(indexes.len());
        for (number, index) in indexes.iter().enumerate() {
            let of_shard = |(&partition, &index): (&PartitionId, &u64)| {
                (shard_of(partition, options.shards) == number).then_some((partition, index))
            };
            let applied: FxHashMap<_, _> = recovered.applied.iter().filter_map(of_shard).collect();
            shards.push(Shard::start(number, index, applied, options)?);
        }
        Ok((Engine { shards, signer: Signer::open(dir)? }, recovered))
    }

    /// Takes in what a partition applied up to `applied_index`; it is found by the next search. Memory only, a few
    /// microseconds, unless the tail is full: then it waits for the sealer. An index that was seen before is ignored.
    pub fn publish(&self, partition: PartitionId, applied_index: u64, changes: &[Change]) {
        self.shard(partition).tail.push(partition, Some(applied_index), changes);
    }

    /// Takes in a part of a partition's feed at start. Must come before the partition's first `publish`; when the feed
    /// is read, call `publish(partition, the applied index the feed went to, &[])`.
    pub fn replay(&self, partition: PartitionId, changes: &[Change]) {
        self.shard(partition).tail.push(partition, None, changes);
    }

    /// How full the fullest tail is: at 1.0 `publish` waits. For admission control, before the log append.
    pub fn fill(&self) -> f32 {
        self.shards.iter().map(|shard| shard.tail.fill()).fold(0.0, f32::max)
    }

    /// One page of a query's matches after the cursor of the page before.
    ///
    /// # Errors
    /// [`Error::Cursor`] for a cursor that is not of this query; index errors.
    pub fn search(&self, query: &Query, cursor: Option<&str>) -> Result<Page> {
        let after = cursor.map(|cursor| self.signer.check(query.digest, cursor)).transpose()?;
        let limit = if query.count == 0 { 0 } else { query.count + 1 };
        let (mut hits, total) = self.collect(query, after.as_ref(), limit, query.total)?;
        let last = cut(&mut hits, query.count);
        Ok(Page { hits, next: last.map(|last| self.signer.sign(query.digest, &last)), total })
    }

    /// All matches, unsorted.
    pub(crate) fn all(&self, query: &Query) -> Result<Vec<Hit>> {
        Ok(self.collect(query, None, usize::MAX, false)?.0)
    }

    /// The matches after a place, unsorted, at least the first `limit` of them; and how many there are in all.
    fn collect(
        &self,
        query: &Query,
        after: Option<&SortKey>,
        limit: usize,
        total: bool,
    ) -> Result<(Vec<Hit>, Option<u64>)> {
        let (mut hits, mut count) = (Vec::new(), 0);
        for shard in &self.shards {
            let snapshot = shard.tail.snapshot();
            let translated = translate(query, &shard.fields);
            let (found, in_segments) = read::segments(&snapshot, translated.as_ref(), after, limit, total)?;
            hits.extend(found);
            count += in_segments + fresh(&snapshot, query, after, limit, total, &mut hits)?;
        }
        Ok((hits, total.then_some(count)))
    }

    /// The signer of this folder's cursors, for searches that are not answered here.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Seals what is in memory and stops. Dropping does the same.
    pub fn close(mut self) {
        self.shards.iter_mut().for_each(Shard::close);
    }

    fn shard(&self, partition: PartitionId) -> &Shard {
        &self.shards[shard_of(partition, self.shards.len())]
    }
}

fn shard_of(partition: PartitionId, shards: usize) -> usize {
    usize::from(partition.0) % shards
}

/// Matches of the tail: adds those after the place, and counts all.
fn fresh(
    snapshot: &Snapshot,
    query: &Query,
    after: Option<&SortKey>,
    limit: usize,
    count: bool,
    hits: &mut Vec<Hit>,
) -> Result<u64> {
    let mut total = 0;
    for entry in snapshot.fresh() {
        if entry.tenant != query.tenant || !query.is_of_type(entry.key.type_code) {
            continue;
        }
        let wanted = limit > 0 && after.is_none_or(|after| entry.hash >= after.hash);
        if !wanted && !count {
            continue;
        }
        let facts = Facts {
            type_code: entry.key.type_code,
            id: &entry.key.id,
            last_updated_ms: entry.last_updated_ms,
        };
        let bytes = entry.values.as_deref().unwrap_or_default();
        let values = Values::parse(bytes).map_err(|error| Error::values(&entry.key, &error))?;
        if !matches(&values, &facts, query) {
            continue;
        }
        total += 1;
        let hit = Hit {
            partition: entry.partition,
            key: entry.key,
            version: entry.version,
            last_updated_ms: entry.last_updated_ms,
            hash: entry.hash,
        };
        if wanted && after.is_none_or(|after| hit.sort_key() > *after) {
            hits.push(hit);
        }
    }
    Ok(total)
}
