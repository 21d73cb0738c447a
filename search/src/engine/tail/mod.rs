//! The fresh tail of a shard: changes that are applied but in no committed segment yet.

mod filter;
mod generation;

pub use generation::{Entry, Generation};

use crate::page::sort_hash;
use parking_lot::{Condvar, Mutex};
use proto::id::{PartitionId, ResourceKey, TenantId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Instant;
use storage::{Change, ChangeKind};
use tantivy::Searcher;

use super::options::Options;

/// Tail and segments, changed together so that a search sees every row once.
pub struct Tail {
    state: Mutex<State>,
    /// The sealer waits here for work.
    work: Condvar,
    /// Publishers wait here for room.
    room: Condvar,
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
    stopping: bool,
}

/// What one search sees.
pub struct Snapshot {
    pub searcher: Searcher,
    runs: [Option<(Arc<Generation>, usize)>; 2],
}

/// What the sealer has to write.
pub struct Work {
    pub generation: Arc<Generation>,
    /// The applied index per partition that holds once it is written.
    pub applied: Vec<(PartitionId, u64)>,
}

impl Tail {
    /// Empty, over the segments of `searcher`, which are complete up to `applied`.
    pub fn new(searcher: Searcher, applied: FxHashMap<PartitionId, u64>, options: &Options) -> Self {
        let state = State {
            searcher,
            sealing: None,
            active: Arc::new(Generation::new(options.tail_docs_max)),
            since: None,
            applied,
            stopping: false,
        };
        Tail {
            state: Mutex::new(state),
            work: Condvar::new(),
            room: Condvar::new(),
            seal_docs: options.seal_docs,
            docs_max: options.tail_docs_max,
            bytes_max: options.tail_bytes_max,
        }
    }

    /// Adds changes. With an index: drops them if that index is in already, else moves it. Without: a replay, whose
    /// index the caller reports when it is complete. Waits while the tail is full.
    pub fn push(&self, partition: PartitionId, index: Option<u64>, changes: &[Change]) {
        let mut state = self.state.lock();
        if let Some(index) = index {
            if state.applied.get(&partition).is_some_and(|&seen| index <= seen) {
                return;
            }
            if changes.is_empty() {
                state.applied.insert(partition, index);
                return;
            }
        }
        for part in changes.chunks(self.docs_max / 2) {
            self.wait_for_room(&mut state, part);
            for change in part {
                let hash = sort_hash(change.tenant, change.key.type_code, change.key.id.as_str());
                // A first version was never indexed: a replay may repeat it, an applied command may not.
                let first =
                    index.is_some() && change.version == 1 && matches!(change.kind, ChangeKind::Put { .. });
                state.active.push(Entry::new(partition, change, hash, first));
            }
            if state.since.is_none() {
                state.since = Some(Instant::now());
                self.work.notify_one();
            }
        }
        if let Some(index) = index {
            state.applied.insert(partition, index);
        }
        if state.sealing.is_none() && state.active.len() >= self.seal_docs {
            self.work.notify_one();
        }
    }

    fn wait_for_room(&self, state: &mut parking_lot::MutexGuard<'_, State>, part: &[Change]) {
        let full = |run: &Generation| run.len() + part.len() > run.capacity() || run.bytes() > self.bytes_max;
        while full(&state.active) && !state.stopping {
            metrics::counter!("search_publish_waits_total").increment(1);
            self.work.notify_one();
            self.room.wait(state);
        }
        if full(&state.active) {
            // The sealer is gone: the process ends, and the next start replays what is dropped here.
            state.active = Arc::new(Generation::new(self.docs_max));
        }
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

    /// Waits until a run is due and takes it; `None` once stopped and empty. The sealer's side.
    pub fn take(&self, seal_after: std::time::Duration) -> Option<Work> {
        let mut state = self.state.lock();
        loop {
            let due = match state.since {
                None if state.stopping => return None,
                None => {
                    self.work.wait(&mut state);
                    continue;
                }
                Some(since) => since + seal_after,
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
        let applied = state.applied.iter().map(|(&partition, &index)| (partition, index)).collect();
        drop(state);
        self.room.notify_all();
        Some(Work { generation, applied })
    }

    /// The run taken last is in the segments of `searcher`: from now on they answer for it.
    pub fn sealed(&self, searcher: Searcher) {
        let mut state = self.state.lock();
        state.searcher = searcher;
        state.sealing = None;
    }

    /// Seals what is left and lets the sealer end.
    pub fn stop(&self) {
        self.state.lock().stopping = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Sleeps, but not past a stop. True if stopping.
    pub fn pause(&self, time: std::time::Duration) -> bool {
        let mut state = self.state.lock();
        let until = Instant::now() + time;
        while !state.stopping && Instant::now() < until {
            self.work.wait_until(&mut state, until);
        }
        state.stopping
    }
}

impl Snapshot {
    /// The rows of the tail that no later entry of the snapshot replaces, deletes left out.
    pub fn fresh(&self) -> impl Iterator<Item = &Entry> {
        let [older, newer] = &self.runs;
        let older = older.iter().flat_map(|(run, len)| run.newest(*len)).filter(move |entry| {
            !newer.as_ref().is_some_and(|(run, len)| {
                run.may_hide(entry.hash) && run.hides(*len, entry.hash, entry.tenant, &entry.key)
            })
        });
        let newer = newer.iter().flat_map(|(run, len)| run.newest(*len));
        older.chain(newer).filter(|entry| entry.values.is_some())
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
}
