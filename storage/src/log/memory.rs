//! A log without a disk, for simulation: ordered, single threaded, and a crash loses what was not synced.

use super::groups::{Groups, Slot};
use super::{Done, Health, LogStore, State, Stats};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// An operation that is not durable yet.
enum Pending {
    Append { group: u32, entries: Vec<(u64, Bytes)>, done: Done },
    Vote { group: u32, vote: Bytes, done: Done },
    Truncate { group: u32, from: u64, done: Done },
    Purge { group: u32, index: u64, log_id: Bytes },
}

/// One group as a crash would leave it.
#[derive(Clone, Default)]
struct Durable {
    vote: Option<Bytes>,
    purged: Option<(u64, Bytes)>,
    entries: BTreeMap<u64, Bytes>,
}

/// See the module.
#[derive(Default)]
pub struct MemoryLog {
    groups: Groups,
    durable: Mutex<BTreeMap<u32, Durable>>,
    pending: Mutex<Vec<Pending>>,
    /// Whether every operation syncs before it returns.
    immediate: bool,
    syncs: AtomicU64,
    synced_entries: AtomicU64,
}

impl MemoryLog {
    /// Every operation is durable, and its callback fired, before the call returns.
    pub fn immediate() -> Self {
        MemoryLog { immediate: true, ..MemoryLog::default() }
    }

    /// Nothing is durable before [`MemoryLog::sync`].
    pub fn manual() -> Self {
        MemoryLog::default()
    }

    /// Makes all operations so far durable and fires their callbacks, in order.
    pub fn sync(&self) {
        let pending = std::mem::take(&mut *self.pending.lock());
        let mut fired: Vec<Done> = Vec::new();
        for operation in pending {
            let mut durable = self.durable.lock();
            match operation {
                Pending::Append { group, entries, done } => {
                    self.synced_entries.fetch_add(entries.len() as u64, Ordering::Relaxed);
                    let durable = durable.entry(group).or_default();
                    if let Some((first, _)) = entries.first() {
                        durable.entries.split_off(first);
                    }
                    durable.entries.extend(entries);
                    fired.push(done);
                }
                Pending::Vote { group, vote, done } => {
                    self.groups.get(group).lock().vote = Some(vote.clone());
                    durable.entry(group).or_default().vote = Some(vote);
                    fired.push(done);
                }
                Pending::Truncate { group, from, done } => {
                    durable.entry(group).or_default().entries.split_off(&from);
                    fired.push(done);
                }
                Pending::Purge { group, index, log_id } => {
                    let durable = durable.entry(group).or_default();
                    durable.entries = durable.entries.split_off(&(index + 1));
                    durable.purged = Some((index, log_id));
                }
            }
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        fired.into_iter().for_each(|done| done(Ok(())));
    }

    /// The log a node finds after a power cut: what was synced.
    pub fn after_crash(&self) -> MemoryLog {
        let log = MemoryLog { immediate: self.immediate, ..MemoryLog::default() };
        for (group, durable) in self.durable.lock().iter() {
            let state = log.groups.get(*group);
            let mut state = state.lock();
            state.vote = durable.vote.clone();
            if let Some((index, log_id)) = &durable.purged {
                state.purge(*index, log_id.clone());
            }
            for (index, bytes) in &durable.entries {
                state.put(*index, slot(bytes));
            }
        }
        *log.durable.lock() = self.durable.lock().clone();
        log
    }

    fn submit(&self, operation: Pending) {
        self.pending.lock().push(operation);
        if self.immediate {
            self.sync();
        }
    }
}

fn slot(bytes: &Bytes) -> Slot {
    Slot { sequence: 0, len: bytes.len() as u32, bytes: Some(bytes.clone()), place: None }
}

impl LogStore for MemoryLog {
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done) {
        {
            let state = self.groups.get(group);
            let mut state = state.lock();
            let consecutive = entries.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
            let first = entries.first().map(|(index, _)| *index);
            let no_gap = first.is_none_or(|first| state.next().is_none_or(|next| first <= next));
            if !consecutive || !no_gap {
                drop(state);
                return done(Err(io::Error::new(io::ErrorKind::InvalidInput, "a gap in the log")));
            }
            entries.iter().for_each(|(index, bytes)| state.put(*index, slot(bytes)));
        }
        self.submit(Pending::Append { group, entries, done });
    }

    fn save_vote(&self, group: u32, vote: Bytes, done: Done) {
        self.submit(Pending::Vote { group, vote, done });
    }

    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done) {
        let from = index.map_or(0, |index| index + 1);
        self.groups.get(group).lock().truncate_from(from);
        self.submit(Pending::Truncate { group, from, done });
    }

    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes) {
        self.groups.get(group).lock().purge(index, log_id.clone());
        self.submit(Pending::Purge { group, index, log_id });
    }

    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        self.groups.read(group, range)
    }

    fn state(&self, group: u32) -> State {
        self.groups.get(group).lock().state()
    }

    fn group_bytes(&self, group: u32) -> u64 {
        self.groups.get(group).lock().bytes
    }

    fn pinning(&self) -> Vec<u32> {
        Vec::new()
    }

    fn health(&self) -> Health {
        Health::Good
    }

    fn stats(&self) -> Stats {
        let fsyncs = self.syncs.load(Ordering::Relaxed);
        Stats { fsyncs, entries: self.synced_entries.load(Ordering::Relaxed), ..Stats::default() }
    }

    fn close(&self) {
        self.sync();
    }
}
