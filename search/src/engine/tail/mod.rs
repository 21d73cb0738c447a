//! The fresh tail of a shard: changes that are applied but in no committed segment yet. Memory only; who empties it reads
//! clocks and files elsewhere (`disk`).

mod filter;
mod forget;
mod generation;
mod sieve;
mod snapshot;
mod view;

pub use forget::{Forget, Of};
pub use generation::{Entry, Generation};
pub use sieve::{Sieve, trace_of, traces};
pub use snapshot::Snapshot;
pub use view::View;

use super::options::Options;
use super::segments::Segments;
use super::upto::Upto;
use crate::page::sort_hash;
use parking_lot::{Condvar, Mutex};
use proto::id::PartitionId;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use storage::{Change, ChangeKind};
use tokio::sync::Notify;

/// Entries that the first run of a tail without a bound has room for.
const ALONE_DOCS: usize = 1024;

/// Tail and segments, changed together so that a search sees every row once.
pub struct Tail {
    pub(super) state: Mutex<State>,
    /// The sealer waits here for work.
    pub(super) work: Condvar,
    /// Publishers wait here for room. They are tasks, not threads.
    pub(super) room: Notify,
    /// Who forgets something waits here until the segments have.
    pub(super) forgotten: Notify,
    /// `None`: nothing is ever sealed, so a full run makes way for a larger one.
    bounds: Option<Bounds>,
}

struct Bounds {
    seal_docs: usize,
    docs_max: usize,
    bytes_max: usize,
}

pub(super) struct State {
    pub(super) segments: Option<Segments>,
    pub(super) sealing: Option<Arc<Generation>>,
    pub(super) active: Arc<Generation>,
    /// Per partition, the last applied index that is in the tail or in segments.
    applied: FxHashMap<PartitionId, u64>,
    /// Per partition, the applied index up to which changes may be there: further than `applied` while they are added.
    reached: FxHashMap<PartitionId, u64>,
    /// The same of the segments when the index was opened. A partition that was published up to there since is left out:
    /// what it publishes from then on is surely new.
    reached_before: FxHashMap<PartitionId, u64>,
    /// What the segments have to forget.
    pub(super) forgets: Vec<Forget>,
    pub(super) stopping: bool,
    /// Why the last seal failed.
    pub(super) failure: Option<String>,
}

impl Tail {
    /// Empty, over segments, which hold partitions as far as `upto` says.
    pub fn over(segments: Segments, upto: &[(PartitionId, Upto)], options: &Options) -> Self {
        let bounds = Bounds {
            seal_docs: options.seal_docs,
            docs_max: options.tail_docs_max,
            bytes_max: options.tail_bytes_max,
        };
        Tail::new(Some(segments), upto, options.tail_docs_max, Some(bounds))
    }

    /// Empty, without segments and without a bound.
    pub fn alone() -> Self {
        Tail::new(None, &[], ALONE_DOCS, None)
    }

    fn new(
        segments: Option<Segments>,
        upto: &[(PartitionId, Upto)],
        docs: usize,
        bounds: Option<Bounds>,
    ) -> Self {
        let reached: FxHashMap<_, _> =
            upto.iter().map(|(partition, upto)| (*partition, upto.reached)).collect();
        let state = State {
            segments,
            sealing: None,
            active: Arc::new(Generation::new(docs)),
            applied: upto.iter().map(|(partition, upto)| (*partition, upto.applied)).collect(),
            reached_before: reached.clone(),
            reached,
            forgets: Vec::new(),
            stopping: false,
            failure: None,
        };
        let (work, room, forgotten) = (Condvar::new(), Notify::new(), Notify::new());
        Tail { state: Mutex::new(state), work, room, forgotten, bounds }
    }

    /// As many changes as [`Tail::add`] takes at once.
    pub fn slice_max(&self) -> usize {
        self.bounds.as_ref().map_or(usize::MAX, |bounds| bounds.docs_max / 2)
    }

    /// Before changes up to `index` are added: `None` where they are in already, else whether they are surely new.
    pub fn begin(&self, partition: PartitionId, index: Option<u64>) -> Option<bool> {
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

    /// After all changes up to `index` were added.
    pub fn end(&self, partition: PartitionId, index: u64) {
        self.state.lock().applied.insert(partition, index);
    }

    /// A change as an entry. `live`: surely new, so that a first version was never indexed.
    pub fn entry(partition: PartitionId, change: &Change, live: bool) -> Entry {
        let hash = sort_hash(change.tenant, change.key.type_code, change.key.id.as_str());
        let first = live && change.version == 1 && matches!(change.kind, ChangeKind::Put { .. });
        Entry::new(partition, change, hash, first)
    }

    /// Adds all of them; gives them back where the tail is full.
    pub fn add(&self, entries: Vec<Entry>) -> Result<(), Vec<Entry>> {
        let mut state = self.state.lock();
        if self.is_full(&state.active, entries.len()) {
            state.active = match &self.bounds {
                None => Arc::new(state.active.enlarged(entries.len())),
                // The sealer is gone: the process ends, and the next start replays what is dropped here.
                Some(bounds) if state.stopping => Arc::new(Generation::new(bounds.docs_max)),
                Some(_) => {
                    self.work.notify_one();
                    return Err(entries);
                }
            };
        }
        let was_empty = state.active.len() == 0;
        entries.into_iter().for_each(|entry| state.active.push(entry));
        if was_empty || (state.sealing.is_none() && self.is_due(&state.active)) {
            self.work.notify_one();
        }
        Ok(())
    }

    fn is_full(&self, run: &Generation, more: usize) -> bool {
        let bytes_max = self.bounds.as_ref().map_or(usize::MAX, |bounds| bounds.bytes_max);
        run.len() + more > run.capacity() || run.bytes() > bytes_max
    }

    fn is_due(&self, run: &Generation) -> bool {
        self.bounds.as_ref().is_some_and(|bounds| run.len() >= bounds.seal_docs)
    }

    /// Whether a run is to be sealed now, however young it is.
    pub(super) fn is_large(&self, run: &Generation) -> bool {
        self.is_due(run) || self.bounds.as_ref().is_some_and(|bounds| run.bytes() > bounds.bytes_max / 2)
    }

    /// Begins a new run. Gives the one before, and what holds of each partition once it is written.
    pub(super) fn cut(&self, state: &mut State) -> (Arc<Generation>, Vec<(PartitionId, Upto)>) {
        let fresh = Arc::new(Generation::new(state.active.capacity()));
        let generation = std::mem::replace(&mut state.active, fresh);
        state.sealing = Some(Arc::clone(&generation));
        let upto = state.reached.iter().map(|(&partition, &reached)| {
            let applied = state.applied.get(&partition).copied().unwrap_or_default();
            (partition, Upto { applied, reached })
        });
        (generation, upto.collect())
    }

    /// Why the last seal failed; `None` once one succeeds.
    pub fn failure(&self) -> Option<String> {
        self.state.lock().failure.clone()
    }

    /// How full the tail is: 1.0 makes publishers wait.
    pub fn fill(&self) -> f32 {
        let Some(bounds) = &self.bounds else { return 0.0 };
        let active = Arc::clone(&self.state.lock().active);
        let docs = active.len() as f32 / active.capacity() as f32;
        docs.max(active.bytes() as f32 / bounds.bytes_max as f32)
    }

    /// What a search sees from here on.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state.lock();
        let run = |run: &Arc<Generation>| (Arc::clone(run), run.len());
        let active = run(&state.active);
        Snapshot {
            segments: state.segments.clone(),
            runs: [state.sealing.as_ref().map(run), (active.1 > 0).then_some(active)],
        }
    }

    /// Seals what is left and lets the sealer end.
    pub fn stop(&self) {
        self.state.lock().stopping = true;
        self.work.notify_all();
        self.room.notify_waiters();
    }
}
