//! The fresh tail of a shard: changes that are applied but in no committed segment yet.

mod filter;
mod generation;
mod sieve;
mod view;

pub use generation::{Entry, Generation};
pub use sieve::Sieve;
pub use view::View;

use crate::page::sort_hash;
use parking_lot::{Condvar, Mutex};
use proto::id::{PartitionId, ResourceKey, TenantId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use storage::{Change, ChangeKind};
use tantivy::Searcher;
use tokio::sync::Notify;

use super::options::Options;
use super::upto::Upto;

/// A writer that waited this long for room says so. While the sealer fails, it is the one who tells.
const WAIT_LOGGED: Duration = Duration::from_secs(1);

/// Tail and segments, changed together so that a search sees every row once.
pub struct Tail {
    state: Mutex<State>,
    /// The sealer waits here for work.
    work: Condvar,
    /// Publishers wait here for room. They are tasks, not threads.
    room: Notify,
    seal_docs: usize,
    docs_max: usize,
    bytes_max: usize,
}

struct State {
    searcher: Searcher,
    sealing: Option<Arc<Generation>>,
    active: Arc<Generation>,
    /// When the active run got its first entry.
    since: Option<Instant>,
    /// Per partition, the last applied index that is in the tail or in segments.
    applied: FxHashMap<PartitionId, u64>,
    /// Per partition, the applied index up to which changes may be there: further than `applied` while they are added.
    reached: FxHashMap<PartitionId, u64>,
    /// The same of the segments when the index was opened. A partition that was published up to there since is left out:
    /// what it publishes from then on is surely new.
    reached_before: FxHashMap<PartitionId, u64>,
    stopping: bool,
    /// Why the last seal failed.
    failure: Option<String>,
}

/// What one search sees of a shard.
pub struct Snapshot {
    pub searcher: Searcher,
    runs: [Option<(Arc<Generation>, usize)>; 2],
}

/// What the sealer has to do next.
pub enum Next {
    Seal(Work),
    /// Nothing came for a while: let go of what only writing needs.
    Rest,
    Stop,
}

/// What the sealer has to write.
pub struct Work {
    pub generation: Arc<Generation>,
    /// What holds of each partition once it is written.
    pub upto: Vec<(PartitionId, Upto)>,
}

impl Tail {
    /// Empty, over the segments of `searcher`, which hold partitions as far as `upto` says.
    pub fn new(searcher: Searcher, upto: &[(PartitionId, Upto)], options: &Options) -> Self {
        let reached: FxHashMap<_, _> =
            upto.iter().map(|(partition, upto)| (*partition, upto.reached)).collect();
        let state = State {
            searcher,
            sealing: None,
            active: Arc::new(Generation::new(options.tail_docs_max)),
            since: None,
            applied: upto.iter().map(|(partition, upto)| (*partition, upto.applied)).collect(),
            reached_before: reached.clone(),
            reached,
            stopping: false,
            failure: None,
        };
        Tail {
            state: Mutex::new(state),
            work: Condvar::new(),
            room: Notify::new(),
            seal_docs: options.seal_docs,
            docs_max: options.tail_docs_max,
            bytes_max: options.tail_bytes_max,
        }
    }

    /// Adds changes. With an index: drops them if that index is in already, else moves it. Without: a replay, whose
    /// index the caller reports when it is complete. Where the tail is full it is ready once there is room; no thread
    /// waits meanwhile. One caller per partition at a time.
    pub async fn push(&self, partition: PartitionId, index: Option<u64>, changes: &[Change]) {
        let Some(live) = self.begin(partition, index) else { return };
        for part in changes.chunks(self.docs_max / 2) {
            // Made before the lock is taken, for searches take it too.
            let entries = part.iter().map(|change| entry(partition, change, live)).collect();
            if let Err(entries) = self.add(entries) {
                self.add_in_time(entries).await;
            }
        }
        if let Some(index) = index {
            self.state.lock().applied.insert(partition, index);
        }
    }

    /// Before changes up to `index` are added: `None` where they are in already, else whether they are surely new.
    fn begin(&self, partition: PartitionId, index: Option<u64>) -> Option<bool> {
        let Some(index) = index else { return Some(false) };
        let mut state = self.state.lock();
        // After a crash the log is replayed from before what the segments have, maybe in other slices than before: a slice
        // that goes beyond may begin with changes they hold already.
        let live = !state.reached_before.contains_key(&partition);
        state.reached_before.retain(|other, reached| *other != partition || index < *reached);
        if state.applied.get(&partition).is_some_and(|&applied| index <= applied) {
            return None;
        }
        let reached = state.reached.entry(partition).or_default();
        *reached = index.max(*reached);
        Some(live)
    }

    /// Adds all of them; gives them back where the tail is full.
    fn add(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        let mut state = self.state.lock();
        if self.is_full(&state.active, entries.len()) {
            if !state.stopping {
                self.work.notify_one();
                return Err(entries);
            }
            // The sealer is gone: the process ends, and the next start replays what is dropped here.
            state.active = Arc::new(Generation::new(self.docs_max));
        }
        entries.into_iter().for_each(|entry| state.active.push(entry));
        if state.since.is_none() {
            state.since = Some(Instant::now());
            self.work.notify_one();
        } else if state.sealing.is_none() && state.active.len() >= self.seal_docs {
            self.work.notify_one();
        }
        Ok(())
    }

    fn is_full(&self, run: &Generation, more: usize) -> bool {
        run.len() + more > run.capacity() || run.bytes() > self.bytes_max
    }

    /// Adds the entries of a publisher that found the tail full, once they fit.
    async fn add_in_time(&self, mut entries: Vec<Entry>) {
        let began = Instant::now();
        metrics::counter!("salamander_search_publish_waits_total").increment(1);
        loop {
            // Before it is looked again, so that no room made in between goes unheard.
            let room = self.room.notified();
            match self.add(entries) {
                Ok(()) => break,
                Err(back) => entries = back,
            }
            room.await;
        }
        let waited = began.elapsed();
        metrics::histogram!("salamander_search_publish_wait_seconds").record(waited.as_secs_f64());
        if waited >= WAIT_LOGGED {
            tracing::warn!(?waited, "writes waited for room in the search tail");
        }
    }

    /// Why the last seal failed; `None` once one succeeds.
    pub fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }

    /// Keeps the reason until a run is sealed.
    pub fn failed(&self, reason: String) {
        self.state.lock().failure = Some(reason);
    }

    /// How full the tail is: 1.0 makes publishers wait.
    pub fn fill(&self) -> f32 {
        let active = Arc::clone(&self.state.lock().active);
        let docs = active.len() as f32 / active.capacity() as f32;
        docs.max(active.bytes() as f32 / self.bytes_max as f32)
    }

    /// What a search sees from here on.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state.lock();
        let run = |run: &Arc<Generation>| (Arc::clone(run), run.len());
        let active = run(&state.active);
        Snapshot {
            searcher: state.searcher.clone(),
            runs: [state.sealing.as_ref().map(run), (active.1 > 0).then_some(active)],
        }
    }

    /// Waits until a run is due and takes it, or until nothing came for `rest_after`; without that it waits for as long
    /// as it takes, with no timer. The sealer's side.
    pub fn take(&self, seal_after: Duration, rest_after: Option<Duration>) -> Next {
        let mut state = self.state.lock();
        let rest_at = rest_after.map(|after| Instant::now() + after);
        loop {
            let due = match (state.since, rest_at) {
                (None, _) if state.stopping => return Next::Stop,
                (None, Some(at)) if Instant::now() >= at => return Next::Rest,
                (None, Some(at)) => {
                    self.work.wait_until(&mut state, at);
                    continue;
                }
                (None, None) => {
                    self.work.wait(&mut state);
                    continue;
                }
                (Some(since), _) => since + seal_after,
            };
            let full = state.active.len() >= self.seal_docs || state.active.bytes() > self.bytes_max / 2;
            if full || state.stopping || Instant::now() >= due {
                break;
            }
            self.work.wait_until(&mut state, due);
        }
        let fresh = Arc::new(Generation::new(self.docs_max));
        let generation = std::mem::replace(&mut state.active, fresh);
        state.since = None;
        state.sealing = Some(Arc::clone(&generation));
        let upto = state.reached.iter().map(|(&partition, &reached)| {
            let applied = state.applied.get(&partition).copied().unwrap_or_default();
            (partition, Upto { applied, reached })
        });
        let upto = upto.collect();
        drop(state);
        self.room.notify_waiters();
        Next::Seal(Work { generation, upto })
    }

    /// The run taken last is in the segments of `searcher`: from now on they answer for it.
    pub fn sealed(&self, searcher: Searcher) {
        let mut state = self.state.lock();
        state.searcher = searcher;
        state.sealing = None;
        state.failure = None;
    }

    /// Seals what is left and lets the sealer end.
    pub fn stop(&self) {
        self.state.lock().stopping = true;
        self.work.notify_all();
        self.room.notify_waiters();
    }

    /// Sleeps, but not past a stop. True if stopping.
    pub fn pause(&self, time: Duration) -> bool {
        let mut state = self.state.lock();
        let until = Instant::now() + time;
        while !state.stopping && Instant::now() < until {
            self.work.wait_until(&mut state, until);
        }
        state.stopping
    }
}

/// A change as an entry. `live`: surely new, so that a first version was never indexed.
fn entry(partition: PartitionId, change: &Change, live: bool) -> Entry {
    let hash = sort_hash(change.tenant, change.key.type_code, change.key.id.as_str());
    let first = live && change.version == 1 && matches!(change.kind, ChangeKind::Put { .. });
    Entry::new(partition, change, hash, first)
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
