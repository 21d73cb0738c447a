//! The durable log: opening, and the caller's side.

use super::folder::{DiskFolder, Folder};
use super::groups::{Groups, Slot};
use super::options::Options;
use super::replay;
use super::shared::{Counters, Shared};
use super::writer::{Completion, Job, Writer};
use super::{Done, Health, LogStore, State, Stats};
use bytes::Bytes;
use crossbeam_channel::Sender;
use parking_lot::{Mutex, RwLock};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

/// More in one append than this is answered `InvalidInput`; frames count in 32 bits.
const APPEND_BYTES_MAX: u64 = 1 << 30;

/// The segmented write-ahead log. See the module for the format.
pub struct Wal {
    shared: Arc<Shared>,
    /// Never blocks who sends: callers are the runtime's workers, and bound what they have in flight.
    queue: Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Opens or creates the log in `dir`. `WouldBlock`: another process has it open. `InvalidData`: something durable
    /// is missing, see [`super::Damage`].
    pub fn open(dir: &Path, options: &Options) -> io::Result<Wal> {
        Wal::open_in(Arc::new(DiskFolder::open(dir)?), options)
    }

    /// The same in any folder.
    pub fn open_in(folder: Arc<dyn Folder>, options: &Options) -> io::Result<Wal> {
        let groups = Groups::default();
        let loaded = replay::load(&*folder, &groups)?;
        let shared = Arc::new(Shared {
            groups,
            health: RwLock::new(Health::Good),
            stopping: AtomicBool::new(false),
            sequence: AtomicU64::new(0),
            counters: Counters::default(),
            oldest: Mutex::default(),
        });
        let (queue, jobs) = crossbeam_channel::unbounded();
        let writer = Writer::new(folder, *options, shared.clone(), jobs, loaded)?;
        let thread = std::thread::Builder::new().name("raft-log".to_owned()).spawn(move || writer.run())?;
        Ok(Wal { shared, queue, thread: Mutex::new(Some(thread)) })
    }

    fn send(&self, job: Job) {
        // A job that cannot be sent is dropped, and its completion answers that the log is closed.
        let _ = self.queue.send(job);
    }
}

impl LogStore for Wal {
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done) {
        let done = Completion::new(done);
        if entries.is_empty() {
            // Nothing to write, but earlier operations of the group must be durable first.
            return self.send(Job::Append { group, sequence: 0, entries, done });
        }
        let total: u64 = entries.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let consecutive = entries.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0);
        let locked = self.shared.groups.get(group);
        let mut locked = locked.lock();
        let no_gap = locked.next().is_none_or(|next| entries[0].0 <= next);
        if !consecutive || !no_gap || total > APPEND_BYTES_MAX {
            drop(locked);
            return done
                .fire(Err(io::Error::new(io::ErrorKind::InvalidInput, "a gap in the log, or too much")));
        }
        let sequence = self.shared.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        for (index, bytes) in &entries {
            let len = bytes.len() as u32;
            locked.put(*index, Slot { sequence, len, bytes: Some(bytes.clone()), place: None });
        }
        let sent = self.queue.send(Job::Append { group, sequence, entries, done });
        if sent.is_err() {
            locked.take_back();
        }
        drop(locked);
        // A job that was not sent is dropped here, and answers that the log is closed.
        drop(sent);
    }

    fn save_vote(&self, group: u32, vote: Bytes, done: Done) {
        self.send(Job::Vote { group, vote, done: Completion::new(done) });
    }

    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done) {
        let from = index.map_or(0, |index| index + 1);
        self.shared.groups.get(group).lock().truncate_from(from);
        self.send(Job::Truncate { group, from, done: Completion::new(done) });
    }

    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes) {
        self.shared.groups.get(group).lock().purge(index, log_id.clone());
        self.send(Job::Purge { group, index, log_id });
    }

    fn forget(&self, group: u32, vote: Bytes, done: Done) {
        self.send(Job::Forget { group, vote, done: Completion::new(done) });
    }

    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        self.shared.groups.read(group, range)
    }

    fn recent(&self, group: u32, range: Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        self.shared.groups.recent(group, range)
    }

    fn state(&self, group: u32) -> State {
        self.shared.groups.get(group).lock().state()
    }

    fn group_bytes(&self, group: u32) -> u64 {
        self.shared.groups.get(group).lock().bytes
    }

    fn pinning(&self) -> Vec<u32> {
        let purged =
            |group: u32| self.shared.groups.get(group).lock().purged.as_ref().map(|(index, _)| *index);
        let oldest = self.shared.oldest.lock();
        oldest
            .iter()
            .filter(|(group, last)| purged(**group).is_none_or(|p| p < **last))
            .map(|(g, _)| *g)
            .collect()
    }

    fn health(&self) -> Health {
        self.shared.health.read().clone()
    }

    fn stats(&self) -> Stats {
        let counters = &self.shared.counters;
        Stats {
            fsyncs: counters.fsyncs.load(Ordering::Relaxed),
            entries: counters.entries.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            fsync_us: counters.fsync_us.load(Ordering::Relaxed),
            segment_bytes: counters.segment_bytes.load(Ordering::Relaxed),
        }
    }

    fn close(&self) {
        let Some(thread) = self.thread.lock().take() else { return };
        self.shared.stopping.store(true, Ordering::Release);
        self.send(Job::Stop);
        if thread.join().is_err() {
            tracing::error!("the log's writer panicked");
        }
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        self.close();
    }
}
