//! Searches over the whole population of the node: Tantivy segments plus the fresh tail, as one.
//!
//! `publish` is called on the apply path and touches memory only; a sealer thread per shard writes segments behind. See
//! the crate's README for the picture.

mod disk;
mod failure;
mod gather;
pub mod identity;
pub mod index;
mod meters;
mod options;
mod ordered;
mod orders;
mod read;
mod segments;
mod shard;
mod tail;
mod upto;

pub use crate::kind::index::FORMAT;
pub use disk::Recovered;
pub(crate) use gather::Found;
pub use gather::{Gather, united};
pub use options::Options;
pub use tail::{trace_of, traces};

use crate::cursor::Signer;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::matcher::matches;
use crate::page::{Best, First, Hit, Page, cut};
use crate::query::Query;
use crate::set::PartitionSet;
use crate::start::Start;
use crate::tally::{Tally, Tell};
use crate::work::Looked;
use fhir::index::Values;
use futures::FutureExt;
use futures::executor::block_on;
use futures::future::join_all;
use proto::id::{PartitionId, TenantId};
use read::Wanted;
use shard::Shard;
use std::path::Path;
use std::pin::pin;
use storage::Change;
use tail::{Entry, Sieve, View};

/// The search engine of a node.
pub struct Engine {
    shards: Vec<Shard>,
    signer: Signer,
}

impl Engine {
    /// Opens or makes the index in `dir`. A folder that cannot be trusted is rebuilt empty, never an error; the caller
    /// replays each partition's feed from [`Recovered::index_of`] on, see [`Engine::blocking_replay`].
    ///
    /// # Errors
    /// IO, or another process that has the folder open.
    pub fn open(dir: &Path, options: &Options) -> Result<(Engine, Recovered)> {
        meters::register(options.shards);
        let (indexes, recovered) = disk::open(dir, options)?;
        let mut shards = Vec::with_capacity(indexes.len());
        for (number, found) in indexes.iter().enumerate() {
            shards.push(Shard::start(number, found, options)?);
        }
        Ok((Engine { shards, signer: disk::signer(dir)? }, recovered))
    }

    /// An engine without files, threads, a clock and chance: everything stays in the tail, which grows without a bound. It answers
    /// as one with segments does, in one thread, the same at each run. Cursors are signed with `cursor_key`. Of the options only
    /// the number of shards matters. It starts empty: the caller replays each partition's whole feed.
    pub fn in_memory(options: &Options, cursor_key: &[u8]) -> (Engine, Recovered) {
        let shards = (0..options.shards).map(|_| Shard::in_memory()).collect();
        (Engine { shards, signer: Signer::new(cursor_key) }, Recovered::default())
    }

    /// Takes in what a partition applied up to `applied_index`; it is found by the next search. Memory only, a few
    /// microseconds, unless the tail is full: then it is ready once the sealer made room, and holds no thread until then.
    /// An index that was seen before is ignored. One call per partition at a time.
    pub async fn publish(&self, partition: PartitionId, applied_index: u64, changes: &[Change]) {
        self.shard(partition).push(partition, Some(applied_index), changes).await;
    }

    /// As [`Engine::publish`], but waits on the calling thread: for threads that may.
    pub fn blocking_publish(&self, partition: PartitionId, applied_index: u64, changes: &[Change]) {
        wait(self.publish(partition, applied_index, changes));
    }

    /// Takes in a part of a partition's feed, at start or after it was forgotten; waits on the calling thread where the tail
    /// is full. Must come before the partition's next `publish`; when the feed is read, publish nothing at the applied index
    /// that it went to. Searches meanwhile find what is in so far.
    pub fn blocking_replay(&self, partition: PartitionId, changes: &[Change]) {
        wait(self.shard(partition).push(partition, None, changes));
    }

    /// Forgets a partition whose rows were replaced or are gone: when it is ready, no search that begins finds anything of
    /// it, and it counts as applied up to 0, here and in what the next start recovers. Until then some of its old states are
    /// found or not. With an index that takes a seal, and while seals fail it waits; it happens also where nobody waits any
    /// more. Others search and publish meanwhile. One call per partition at a time, of this, `publish` and `blocking_replay`.
    pub async fn forget(&self, partition: PartitionId) {
        self.shard(partition).forget(partition).await;
    }

    /// As [`Engine::forget`], but waits on the calling thread: for threads that may.
    pub fn blocking_forget(&self, partition: PartitionId) {
        wait(self.forget(partition));
    }

    /// Forgets a tenant of which nothing is published any more, here or in what is replayed: as [`Engine::forget`] does a partition.
    pub async fn forget_tenant(&self, tenant: TenantId) {
        join_all(self.shards.iter().map(|shard| shard.forget_tenant(tenant))).await;
    }

    /// The tenants that the segments have documents of, in order. What is in the tails alone is left out.
    ///
    /// # Errors
    /// Of the index.
    pub fn tenants(&self) -> Result<Vec<TenantId>> {
        let mut all = vec![];
        for shard in &self.shards {
            all.extend(shard.tenants()?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// How full the fullest tail is: at 1.0 `publish` waits. For admission control, before the log append.
    pub fn fill(&self) -> f32 {
        self.shards.iter().map(|shard| shard.tail.fill()).fold(0.0, f32::max)
    }

    /// One page of a query's matches, at a cursor of another page.
    ///
    /// # Errors
    /// [`Error::Cursor`] for a cursor that is not of this query; index errors.
    pub fn search(&self, query: &Query, cursor: Option<&str>) -> Result<Page> {
        let start = self.start(query, cursor)?;
        let tell = query.tells(start.as_ref());
        let (hits, total) = self.collect(query, None, start.as_ref(), query.hits_wanted(), tell)?;
        Ok(self.page_of(query, start.as_ref(), hits, total))
    }

    /// Where a page begins. `None`: it is the first page.
    ///
    /// # Errors
    /// [`Error::Cursor`] for a cursor that is not of this query.
    pub fn start(&self, query: &Query, cursor: Option<&str>) -> Result<Option<Start>> {
        cursor.map(|cursor| self.signer.check(query.digest, cursor)).transpose()
    }

    /// The page at `start`, of the hits on that side: there is another one where they are more. `total`: of all matches, where they
    /// were counted.
    pub(crate) fn page_of(
        &self,
        query: &Query,
        start: Option<&Start>,
        mut hits: Vec<Hit>,
        total: Option<u64>,
    ) -> Page {
        if query.count == 0 {
            return Page { total, ..Page::default() };
        }
        let is_back = start.is_some_and(|start| start.is_back);
        let are_more = cut(&mut hits, query.count, is_back);
        let total = query.total_of(total, start.is_none() && !are_more, hits.len());
        // An empty page has the gap it began at, and both of its sides.
        let turned = || start.map(Start::turned);
        let before = || hits.first().map(|first| Start::before(first.place())).or_else(turned);
        let behind = || hits.last().map(|last| Start::after(last.place())).or_else(turned);
        // What a page was asked for from is there, or was.
        let (previous, next) = match is_back {
            true => (are_more.then(before).flatten(), behind()),
            false => (start.and_then(|_| before()), are_more.then(behind).flatten()),
        };
        let sign = |start: Start| self.signer.sign(query.digest, &start);
        let (previous, next) = (previous.map(sign), next.map(sign));
        Page { hits, next, previous, total }
    }

    /// Why the last seal of a shard failed; `None` where all seals succeed. For readiness and admission control: while a
    /// shard fails its tail fills, see [`Engine::fill`].
    pub fn failure(&self) -> Option<String> {
        self.shards.iter().find_map(|shard| shard.tail.failure())
    }

    /// All matches, sorted.
    ///
    /// # Errors
    /// [`Error::TooMany`] if there are more than `max`; index errors.
    pub(crate) fn all(&self, query: &Query, max: usize) -> Result<Vec<Hit>> {
        let (hits, _) = self.collect(query, None, None, max.saturating_add(1), Tell::Nothing)?;
        if hits.len() > max { Err(Error::TooMany(max)) } else { Ok(hits) }
    }

    /// The `limit` matches nearest to where a page begins, sorted, and maybe some more; and how many there are in all. `only`: in these
    /// partitions, else in all that are here.
    pub(crate) fn collect(
        &self,
        query: &Query,
        only: Option<&PartitionSet>,
        start: Option<&Start>,
        limit: usize,
        tell: Tell,
    ) -> Result<(Vec<Hit>, Option<u64>)> {
        let view = View::new(self.shards.iter().map(|shard| shard.tail.snapshot()).collect());
        let sieve = Sieve::of(&query.expr);
        let tally = Tally::new(tell);
        let wanted = Wanted { query, only, start, limit, tally: &tally };
        if !query.sort.is_default() {
            return Ok((ordered(&view, &wanted, &sieve)?, tally.told()));
        }
        let mut best = Best::new(limit, wanted.is_back());
        for (number, snapshot) in view.shards().iter().enumerate() {
            if let Some(segments) = &snapshot.segments {
                read::collect(segments, &view, number, &wanted, &mut best)?;
            }
        }
        // Segments first: what they have bounds what is wanted of the tails.
        for number in 0..self.shards.len() {
            fresh(&view, number, &wanted, &sieve, &mut best);
        }
        Ok((best.into_hits(), tally.told()))
    }

    /// The signer of this folder's cursors, for searches that are not answered here.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Seals what is in memory and stops. Dropping does the same.
    pub fn close(self) {
        self.shards.into_iter().for_each(Shard::close);
    }

    fn shard(&self, partition: PartitionId) -> &Shard {
        &self.shards[shard_of(partition, self.shards.len())]
    }
}

/// Runs what is nearly always ready at once; only where it is not, this thread waits.
fn wait(publishing: impl Future<Output = ()>) {
    let mut publishing = pin!(publishing);
    if publishing.as_mut().now_or_never().is_none() {
        block_on(publishing);
    }
}

fn shard_of(partition: PartitionId, shards: usize) -> usize {
    usize::from(partition.0) % shards
}

/// The first matches in the order that the query asks for.
fn ordered(view: &View, wanted: &Wanted<'_>, sieve: &Sieve) -> Result<Vec<Hit>> {
    let mut first = First::new(wanted.limit, wanted.is_back());
    for (number, snapshot) in view.shards().iter().enumerate() {
        if let Some(segments) = &snapshot.segments {
            ordered::collect(segments, view, number, wanted, &mut first)?;
        }
        for entry in snapshot.fresh(sieve, |entry| may_match(wanted, entry)) {
            if !matches_entry(entry, wanted.query) || view.outdates_entry(entry) {
                continue;
            }
            wanted.tally.add(1);
            let values = Values::trusted(entry.values.as_deref().unwrap_or_default());
            let order = wanted.query.sort.key(&values, &facts(entry));
            if first.wants(&order, entry.hash) {
                let hit = Hit { order, ..hit(entry) };
                if wanted.start.is_none_or(|start| start.lets(&hit)) {
                    first.add(hit);
                }
            }
        }
    }
    Ok(first.into_hits())
}

/// Whether a tail's entry is of a partition, tenant and type that are asked for.
fn may_match(wanted: &Wanted<'_>, entry: &Entry) -> bool {
    wanted.only.is_none_or(|only| only.contains(entry.partition))
        && entry.tenant == wanted.query.tenant
        && wanted.query.is_of_type(entry.key.type_code)
}

/// Matches of a shard's tail: adds those on the page's side, and counts all that there is a number to be told of.
fn fresh(view: &View, shard: usize, wanted: &Wanted<'_>, sieve: &Sieve, best: &mut Best) {
    let Wanted { query, start, tally, .. } = *wanted;
    for entry in view.shards()[shard].fresh(sieve, |entry| may_match(wanted, entry)) {
        let wanted = start.is_none_or(|start| start.may_let(&[], entry.hash)) && best.wants(entry.hash);
        if !(wanted || tally.is_open()) || !matches_entry(entry, query) || view.outdates_entry(entry) {
            continue;
        }
        if !wanted {
            tally.add_extra();
            continue;
        }
        tally.add(1);
        let hit = hit(entry);
        if start.is_none_or(|start| start.lets(&hit)) {
            best.add(hit);
        }
    }
}

fn matches_entry(entry: &Entry, query: &Query) -> bool {
    query.looked(Looked { entries: 1, ..Looked::default() });
    matches(&Values::trusted(entry.values.as_deref().unwrap_or_default()), &facts(entry), query)
}

fn facts(entry: &Entry) -> Facts<'_> {
    Facts { type_code: entry.key.type_code, id: &entry.key.id, last_updated_ms: entry.last_updated_ms }
}

fn hit(entry: &Entry) -> Hit {
    Hit {
        partition: entry.partition,
        key: entry.key,
        version: entry.version,
        last_updated_ms: entry.last_updated_ms,
        hash: entry.hash,
        order: Box::default(),
    }
}
