//! A log without a disk, a thread or a clock, for simulation: a crash loses what was not synced.
//!
//! What survives is in a [`MemoryDisk`], which outlives the log on it. Between an append and its durability is a gap that
//! somebody else ends: [`MemoryLog::sync_next`] makes the oldest operations durable, as many as one write of the real
//! log would have taken, and fires their callbacks. Who calls it, and when, is the simulation's: `MemoryLog::on_work`
//! tells it that there is something to sync.

use super::groups::{Groups, Slot};
use super::{Done, Health, LogStore, State, Stats};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// An operation that is not durable yet.
enum Pending {
    Append { group: u32, entries: Vec<(u64, Bytes)>, done: Done },
    Vote { group: u32, vote: Bytes, done: Done },
    Truncate { group: u32, from: u64, done: Done },
    Purge { group: u32, index: u64, log_id: Bytes },
    Forget { group: u32, vote: Bytes, done: Done },
}

/// One group as a crash would leave it.
#[derive(Default)]
struct Durable {
    vote: Option<Bytes>,
    purged: Option<(u64, Bytes)>,
    entries: BTreeMap<u64, Bytes>,
}

#[derive(Default)]
struct OnDisk {
    crashes: u64,
    /// Operations until the power fails, where it is to fail.
    left: Option<usize>,
    groups: BTreeMap<u32, Durable>,
}

impl OnDisk {
    /// Whether another operation still gets on the disk.
    fn takes_another(&mut self) -> bool {
        match &mut self.left {
            Some(0) => {
                self.crashes += 1;
                self.left = None;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

/// What a simulated machine keeps of its log. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<OnDisk>>,
}

impl MemoryDisk {
    /// Takes away what was not synced. Logs opened before write nothing any more and answer nobody, as a machine
    /// without power; open the disk again afterwards.
    pub fn crash(&self) {
        let mut state = self.state.lock();
        state.crashes += 1;
        state.left = None;
    }

    /// Has the disk lose its power after so many more operations, as [`MemoryDisk::crash`] does at once: each place between two
    /// of them can be tried.
    pub fn crash_after(&self, operations: usize) {
        self.state.lock().left = Some(operations);
    }

    /// Opens the log with what was synced; nothing more is durable before [`MemoryLog::sync_next`].
    pub fn open(&self) -> MemoryLog {
        MemoryLog::on(self.clone(), false)
    }
}

type Hook = Box<dyn Fn() + Send + Sync>;

/// See the module.
pub struct MemoryLog {
    groups: Groups,
    disk: MemoryDisk,
    /// Of the disk, before this log was opened.
    crashes: u64,
    pending: Mutex<VecDeque<Pending>>,
    /// Whether every operation syncs before it returns.
    immediate: bool,
    on_work: OnceLock<Hook>,
    syncs: AtomicU64,
    synced_entries: AtomicU64,
}

impl MemoryLog {
    fn on(disk: MemoryDisk, immediate: bool) -> Self {
        let groups = Groups::default();
        let state = disk.state.lock();
        for (group, durable) in &state.groups {
            let group = groups.get(*group);
            let mut group = group.lock();
            group.vote.clone_from(&durable.vote);
            if let Some((index, log_id)) = &durable.purged {
                group.purge(*index, log_id.clone());
            }
            for (index, bytes) in &durable.entries {
                group.put(*index, slot(bytes));
            }
        }
        let crashes = state.crashes;
        drop(state);
        MemoryLog {
            groups,
            disk,
            crashes,
            pending: Mutex::default(),
            immediate,
            on_work: OnceLock::new(),
            syncs: AtomicU64::new(0),
            synced_entries: AtomicU64::new(0),
        }
    }

    /// On a disk of its own. Every operation is durable, and its callback fired, before the call returns.
    pub fn immediate() -> Self {
        MemoryLog::on(MemoryDisk::default(), true)
    }

    /// On a disk of its own. Nothing is durable before [`MemoryLog::sync`].
    pub fn manual() -> Self {
        MemoryLog::on(MemoryDisk::default(), false)
    }

    /// Has `hook` called after each operation that waits for a sync. It must not sync by itself: the caller of the log
    /// would be called back before its call returns. Only the first hook counts.
    pub fn on_work(&self, hook: impl Fn() + Send + Sync + 'static) {
        // A second one is a mistake of the simulation that shows at once: nobody is called back.
        let _ = self.on_work.set(Box::new(hook));
    }

    /// Operations that wait for a sync.
    pub fn pending(&self) -> usize {
        self.pending.lock().len()
    }

    /// Makes all operations so far durable and fires their callbacks, in order.
    pub fn sync(&self) {
        self.sync_next(usize::MAX);
    }

    /// Makes the oldest operations durable, at most so many, and fires their callbacks, in order. Nothing of the kind
    /// on a disk that crashed since: who waits there is never answered.
    pub fn sync_next(&self, operations: usize) {
        let mut fired: Vec<Done> = Vec::new();
        {
            let mut disk = self.disk.state.lock();
            if disk.crashes != self.crashes {
                return;
            }
            let mut pending = self.pending.lock();
            for _ in 0..operations.min(pending.len()) {
                if !disk.takes_another() {
                    break;
                }
                let Some(operation) = pending.pop_front() else { break };
                fired.extend(self.make_durable(&mut disk, operation));
            }
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        fired.into_iter().for_each(|done| done(Ok(())));
    }

    fn make_durable(&self, disk: &mut OnDisk, operation: Pending) -> Option<Done> {
        match operation {
            Pending::Append { group, entries, done } => {
                self.synced_entries.fetch_add(entries.len() as u64, Ordering::Relaxed);
                let durable = disk.groups.entry(group).or_default();
                if let Some((first, _)) = entries.first() {
                    durable.entries.split_off(first);
                }
                durable.entries.extend(entries);
                Some(done)
            }
            Pending::Vote { group, vote, done } => {
                self.groups.get(group).lock().vote = Some(vote.clone());
                disk.groups.entry(group).or_default().vote = Some(vote);
                Some(done)
            }
            Pending::Truncate { group, from, done } => {
                disk.groups.entry(group).or_default().entries.split_off(&from);
                Some(done)
            }
            Pending::Purge { group, index, log_id } => {
                let durable = disk.groups.entry(group).or_default();
                durable.entries = durable.entries.split_off(&(index + 1));
                durable.purged = Some((index, log_id));
                None
            }
            Pending::Forget { group, vote, done } => {
                self.groups.get(group).lock().forget(vote.clone());
                disk.groups.insert(group, Durable { vote: Some(vote), ..Durable::default() });
                Some(done)
            }
        }
    }

    /// Crashes the disk, and is the log a node finds then.
    pub fn after_crash(&self) -> MemoryLog {
        self.disk.crash();
        MemoryLog::on(self.disk.clone(), self.immediate)
    }

    fn submit(&self, operation: Pending) {
        self.pending.lock().push_back(operation);
        if self.immediate {
            self.sync();
        } else if let Some(on_work) = self.on_work.get() {
            on_work();
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

    fn forget(&self, group: u32, vote: Bytes, done: Done) {
        self.submit(Pending::Forget { group, vote, done });
    }

    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        self.groups.read(group, range)
    }

    fn recent(&self, group: u32, range: Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        self.groups.recent(group, range)
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
