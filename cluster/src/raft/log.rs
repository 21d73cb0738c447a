//! One group's view of the node's log, as the Raft library wants it.

use super::codec;
use super::{Entry, LogId, Types, Vote};
use crate::meters::Meters;
use crate::threads::blocking;
use bytes::Bytes;
use futures::Stream;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use openraft::{EntryPayload, OptionalSend};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;
use storage::log::LogStore;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

/// Entries kept as they were proposed, until they are applied. More are read from the log again.
const NEWEST_MAX: usize = 1024;
/// Entries read at a time for apply: bounds the memory of a replay.
const READ_MAX: u64 = 128;
/// Of entries in one message to another node, but for the last one's.
const SENT_BYTES: usize = 1 << 20;
/// Entries read at a time for that: large ones fill a message soon.
const SENT_STEP: u64 = 16;

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub(super) struct Log {
    group: u32,
    store: Arc<dyn LogStore>,
    /// A permit for each append of the node that waits for the log's thread.
    queue: Arc<Semaphore>,
    meters: Arc<Meters>,
    /// The newest entries, as they were appended. Apply takes them out, and so never decodes what this node encoded; other
    /// readers want bytes, which the log has.
    newest: Arc<Mutex<VecDeque<Entry>>>,
    /// Held, never used: tells when the last clone is gone.
    _alive: mpsc::Sender<Infallible>,
}

impl Log {
    pub(super) fn new(
        group: u32,
        store: Arc<dyn LogStore>,
        queue: Arc<Semaphore>,
        meters: Arc<Meters>,
        alive: mpsc::Sender<Infallible>,
    ) -> Self {
        Log { group, store, queue, meters, newest: Arc::default(), _alive: alive }
    }

    fn keep(&self, entry: Entry) {
        let mut newest = self.newest.lock();
        if matches!(&entry.payload, EntryPayload::Normal(proposal) if !proposal.is_decoded()) {
            // Another node's: kept it would only be bytes, which the log keeps within its own bound. What is kept has no gap.
            return newest.clear();
        }
        while newest.back().is_some_and(|last| last.log_id.index >= entry.log_id.index) {
            newest.pop_back();
        }
        if newest.len() >= NEWEST_MAX {
            newest.pop_front();
        }
        newest.push_back(entry);
    }

    fn take_newest(&self, start: u64, end: u64) -> Vec<Entry> {
        let mut newest = self.newest.lock();
        while newest.front().is_some_and(|first| first.log_id.index < start) {
            newest.pop_front();
        }
        let mut taken = Vec::new();
        while let Some(entry) = newest.pop_front_if(|first| first.log_id.index < end) {
            taken.push(entry);
        }
        taken
    }

    /// What apply reads.
    fn take(&self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let newest = self.take_newest(start, end);
        let stored_end = newest.first().map_or(end, |first| first.log_id.index);
        if stored_end <= start {
            return Ok(newest);
        }
        let mut entries = self.read(start, stored_end)?;
        entries.extend(newest);
        Ok(entries)
    }

    fn read(&self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let stored = self.stored(start, end)?;
        stored.into_iter().map(|(index, record)| codec::decode_entry(index, record)).collect()
    }

    /// From the disk, and off the runtime's workers, where they are not among the log's newest: a replay, or a follower far
    /// behind.
    fn stored(&self, start: u64, end: u64) -> io::Result<Vec<(u64, Bytes)>> {
        match self.store.recent(self.group, start..end) {
            Some(stored) => Ok(stored),
            None => blocking(true, || self.store.read(self.group, start..end)),
        }
    }
}

/// Ready when what `start` begins is durable.
pub(super) async fn durable(start: impl FnOnce(storage::log::Done)) -> io::Result<()> {
    let (done, answer) = oneshot::channel();
    // The receiver is only gone when the group's task was dropped.
    start(Box::new(move |result| drop(done.send(result))));
    answer.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::BrokenPipe)))
}

/// The last purged entry of a group and its last entry.
pub(super) fn log_state(store: &dyn LogStore, group: u32) -> io::Result<LogState<Types>> {
    let state = store.state(group);
    let purged = state.purged.map(|(_, id)| codec::decode_log_id(id)).transpose()?;
    let last = match state.last {
        None => purged,
        Some(last) => {
            let found = store.read(group, last..last + 1)?.pop();
            found.map(|(index, bytes)| codec::entry_log_id(index, bytes)).transpose()?
        }
    };
    Ok(LogState { last_purged_log_id: purged, last_log_id: last })
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start + 1,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

impl RaftLogReader<Types> for Log {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> io::Result<Vec<Entry>> {
        let (start, end) = bounds(&range);
        self.read(start, end)
    }

    /// For another node: as many as one message should have.
    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> io::Result<Vec<Entry>> {
        let mut bytes = 0;
        let mut entries = Vec::new();
        while (start + entries.len() as u64) < end && bytes < SENT_BYTES {
            let from = start + entries.len() as u64;
            let stored = self.stored(from, end.min(from + SENT_STEP))?;
            if stored.is_empty() {
                break;
            }
            for (index, record) in stored {
                if bytes >= SENT_BYTES {
                    break;
                }
                bytes += record.len();
                entries.push(codec::decode_entry(index, record)?);
            }
        }
        Ok(entries)
    }

    /// For apply: nobody else reads in this way.
    async fn entries_stream<RB>(&mut self, range: RB) -> impl Stream<Item = io::Result<Entry>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let log = self.clone();
        let (start, end) = bounds(&range);
        let mut next = start;
        let mut ready = VecDeque::new();
        futures::stream::iter(std::iter::from_fn(move || {
            if ready.is_empty() && next < end {
                match log.take(next, end.min(next.saturating_add(READ_MAX))) {
                    Ok(entries) => ready.extend(entries),
                    Err(error) => {
                        next = end;
                        return Some(Err(error));
                    }
                }
                next = ready.back().map_or(end, |last: &Entry| last.log_id.index + 1);
            }
            ready.pop_front().map(Ok)
        }))
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        self.store.state(self.group).vote.map(codec::decode_vote).transpose()
    }
}

impl RaftLogStorage<Types> for Log {
    type LogReader = Log;

    async fn get_log_state(&mut self) -> io::Result<LogState<Types>> {
        log_state(&*self.store, self.group)
    }

    async fn get_log_reader(&mut self) -> Log {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        let before = self.store.state(self.group).vote.map(codec::decode_forgotten).transpose()?.flatten();
        let vote = codec::encode_vote(vote, before.as_ref());
        durable(|done| self.store.save_vote(self.group, vote, done)).await
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut encoded: Vec<(u64, Bytes)> = Vec::new();
        for mut entry in entries {
            encoded.push((entry.log_id.index, codec::encode_entry(&mut entry)));
            self.keep(entry);
        }
        let (meters, started) = (self.meters.clone(), Instant::now());
        // Only closed with the node.
        let permit = self.queue.clone().acquire_owned().await.map_err(io::Error::other)?;
        let done = move |result| {
            drop(permit);
            meters.append.record(started.elapsed().as_secs_f64());
            callback.io_completed(result);
        };
        self.store.append(self.group, encoded, Box::new(done));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        let last = last.map(|id| id.index);
        let from = last.map_or(0, |last| last + 1);
        self.newest.lock().retain(|entry| entry.log_id.index < from);
        durable(|done| self.store.truncate_after(self.group, last, done)).await
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        self.store.purge_upto(self.group, upto.index, codec::encode_log_id(&upto));
        Ok(())
    }
}
