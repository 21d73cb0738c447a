//! The log's one thread.

use super::folder::Folder;
use super::frame::{Builder, Kind};
use super::groups::{Groups, Place};
use super::options::{Options, WhenFull};
use super::replay::Loaded;
use super::segments::{Failure, Segments, Written};
use super::shared::Shared;
use super::{Done, Health};
use bytes::Bytes;
use crossbeam_channel::Receiver;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often it is tried again while the system lacks something.
const RETRY: Duration = Duration::from_millis(100);

/// A callback that cannot be forgotten: dropped, it answers that the log is closed.
pub(super) struct Completion(Option<Done>);

impl Completion {
    pub(super) fn new(done: Done) -> Self {
        Completion(Some(done))
    }

    pub(super) fn fire(mut self, result: io::Result<()>) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(Err(io::Error::new(io::ErrorKind::BrokenPipe, "the log is closed")));
        }
    }
}

/// One operation in the queue.
pub(super) enum Job {
    Append { group: u32, sequence: u64, entries: Vec<(u64, Bytes)>, done: Completion },
    Vote { group: u32, vote: Bytes, done: Completion },
    Truncate { group: u32, from: u64, done: Completion },
    Purge { group: u32, index: u64, log_id: Bytes },
    Forget { group: u32, vote: Bytes, done: Completion },
    Stop,
}

/// An entry of the frame being written.
struct Framed {
    group: u32,
    sequence: u64,
    index: u64,
    at: usize,
    crc: u32,
    len: u32,
}

pub(super) struct Writer {
    options: Options,
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    segments: Segments,
    /// Purge points that are on the disk.
    purged: BTreeMap<u32, u64>,
    frame: Builder,
    framed: Vec<Framed>,
    /// Entries with bytes in memory, oldest first: group, index, sequence, length.
    recent: VecDeque<(u32, u64, u64, u32)>,
    recent_bytes: u64,
}

impl Writer {
    pub(super) fn new(
        folder: Arc<dyn Folder>,
        options: Options,
        shared: Arc<Shared>,
        jobs: Receiver<Job>,
        loaded: Loaded,
    ) -> io::Result<Writer> {
        let purged = shared.groups.all().into_iter().filter_map(|(group, state)| {
            let index = state.lock().purged.as_ref().map(|(index, _)| *index)?;
            Some((group, index))
        });
        let purged: BTreeMap<u32, u64> = purged.collect();
        let segments =
            Segments::open(folder, &options, loaded, |held| checkpoint(&shared.groups, held), &purged)?;
        let writer = Writer {
            options,
            shared,
            jobs,
            segments,
            purged,
            frame: Builder::default(),
            framed: Vec::new(),
            recent: VecDeque::new(),
            recent_bytes: 0,
        };
        writer.publish_segments();
        Ok(writer)
    }

    /// Until [`Job::Stop`].
    pub(super) fn run(mut self) {
        let mut batch = Vec::new();
        while let Some(first) = self.next() {
            self.frame.clear();
            self.framed.clear();
            let mut job = Some(first);
            let mut stop = false;
            while let Some(next) = job.take() {
                stop = matches!(next, Job::Stop);
                self.encode(next, &mut batch);
                if !stop && self.frame.len() < self.options.batch_bytes {
                    job = self.jobs.try_recv().ok();
                }
            }
            self.commit(&mut batch);
            if stop {
                break;
            }
        }
        if !self.has_failed() {
            self.segments.close();
        }
        // What came behind the stop is refused, and read by nobody.
        let closed = io::Error::new(io::ErrorKind::BrokenPipe, "the log is closed");
        batch.extend(self.jobs.try_iter());
        self.fail(&mut batch, &closed);
    }

    /// The next job. Before it sleeps the log says on the disk how far it is.
    fn next(&mut self) -> Option<Job> {
        if let Ok(job) = self.jobs.try_recv() {
            return Some(job);
        }
        if !self.has_failed() {
            self.segments.mark();
        }
        self.jobs.recv().ok()
    }

    fn has_failed(&self) -> bool {
        matches!(&*self.shared.health.read(), Health::Failed(_))
    }

    /// Puts the job into the frame and keeps it in `batch` for its answer, or answers it with the failure of an
    /// earlier append of its group.
    fn encode(&mut self, job: Job, batch: &mut Vec<Job>) {
        match &job {
            Job::Append { group, sequence, entries, .. } => {
                if *sequence > 0 && *sequence <= self.shared.groups.get(*group).lock().failed {
                    return answer(job, || Err(io::Error::other("an earlier append of the group failed")));
                }
                for (index, bytes) in entries {
                    let (at, crc) = self.frame.push(Kind::Entry, *group, *index, bytes);
                    let (group, sequence, index) = (*group, *sequence, *index);
                    self.framed.push(Framed { group, sequence, index, at, crc, len: bytes.len() as u32 });
                }
            }
            Job::Vote { group, vote, .. } => drop(self.frame.push(Kind::Vote, *group, 0, vote)),
            Job::Truncate { group, from, .. } => drop(self.frame.push(Kind::Truncate, *group, *from, &[])),
            Job::Purge { group, index, log_id } => drop(self.frame.push(Kind::Purge, *group, *index, log_id)),
            Job::Forget { group, vote, .. } => drop(self.frame.push(Kind::Forget, *group, 0, vote)),
            Job::Stop => {}
        }
        batch.push(job);
    }

    fn commit(&mut self, batch: &mut Vec<Job>) {
        let health = self.shared.health.read().clone();
        if let Health::Failed(reason) = health {
            return self.fail(batch, &io::Error::other(reason));
        }
        if !self.frame.is_empty() {
            match self.write_or_wait() {
                Ok(written) => self.settle(batch, &written),
                Err(error) => return self.fail(batch, &error),
            }
        }
        batch.drain(..).for_each(|job| answer(job, || Ok(())));
        if self.segments.free(&self.purged) {
            self.publish_segments();
        }
        self.segments.prepare();
    }

    /// Writes the frame; with [`WhenFull::Wait`] until it succeeds, fails for good, or the log is closed.
    fn write_or_wait(&mut self) -> io::Result<Written> {
        loop {
            match self.write() {
                Ok(written) => {
                    if *self.shared.health.read() != Health::Good {
                        tracing::info!("the log takes writes again");
                        *self.shared.health.write() = Health::Good;
                    }
                    return Ok(written);
                }
                Err(Failure::Fatal(error)) => {
                    tracing::error!(%error, "the log failed; it takes no more writes");
                    *self.shared.health.write() = Health::Failed(error.to_string());
                    return Err(error);
                }
                Err(Failure::Short(what, error)) => {
                    if *self.shared.health.read() != Health::Short(what) {
                        tracing::error!(%error, "the log waits: {what}");
                        *self.shared.health.write() = Health::Short(what);
                    }
                    let closing = self.shared.stopping.load(Ordering::Acquire);
                    if self.options.when_full == WhenFull::Fail || closing {
                        return Err(error);
                    }
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    fn write(&mut self) -> Result<Written, Failure> {
        if !self.segments.has_room(self.frame.len()) {
            let mut checkpoint = checkpoint(&self.shared.groups, &self.segments.held(&self.purged));
            self.segments.roll(self.frame.len(), &mut checkpoint)?;
            self.publish_segments();
        }
        let written = self.segments.append(&mut self.frame)?;
        let counters = &self.shared.counters;
        counters.fsync_us.fetch_add(written.synced.as_micros() as u64, Ordering::Relaxed);
        counters.fsyncs.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(self.frame.len() as u64, Ordering::Relaxed);
        counters.entries.fetch_add(self.framed.len() as u64, Ordering::Relaxed);
        Ok(written)
    }

    /// The frame is durable: says so in memory.
    fn settle(&mut self, batch: &[Job], written: &Written) {
        for entry in &self.framed {
            self.segments.entered(entry.group, entry.index);
            let group = self.shared.groups.get(entry.group);
            let mut group = group.lock();
            if let Some(slot) = group.slot_of(entry.index, entry.sequence) {
                let offset = written.offset + entry.at as u64;
                slot.place = Some(Place { file: written.file.clone(), offset, crc: entry.crc });
                self.recent.push_back((entry.group, entry.index, entry.sequence, entry.len));
                self.recent_bytes += u64::from(entry.len);
            }
        }
        for job in batch {
            match job {
                Job::Vote { group, vote, .. } => {
                    self.shared.groups.get(*group).lock().vote = Some(vote.clone())
                }
                Job::Purge { group, index, .. } => drop(self.purged.insert(*group, *index)),
                Job::Forget { group, vote, .. } => {
                    // Only now, since until here a checkpoint has to tell what there was.
                    self.shared.groups.get(*group).lock().forget(vote.clone());
                    self.purged.remove(group);
                    self.segments.forget(*group);
                    self.publish_segments();
                }
                Job::Append { .. } | Job::Truncate { .. } | Job::Stop => {}
            }
        }
        while self.recent_bytes > self.options.recent_bytes {
            let Some((group, index, sequence, len)) = self.recent.pop_front() else { break };
            self.recent_bytes -= u64::from(len);
            if let Some(slot) = self.shared.groups.get(group).lock().slot_of(index, sequence) {
                slot.bytes = None;
            }
        }
    }

    /// Takes back the batch's entries, and with them those that are queued behind them, and answers with `error`.
    fn fail(&mut self, batch: &mut Vec<Job>, error: &io::Error) {
        for job in batch.drain(..) {
            // An empty one has put nothing anywhere.
            if let Job::Append { group, sequence: 1.., .. } = &job {
                let group = self.shared.groups.get(*group);
                let mut group = group.lock();
                group.failed = self.shared.sequence.load(Ordering::Relaxed);
                group.take_back();
            }
            answer(job, || Err(io::Error::new(error.kind(), error.to_string())));
        }
    }

    fn publish_segments(&self) {
        self.shared.counters.segment_bytes.store(self.segments.bytes(), Ordering::Relaxed);
        *self.shared.oldest.lock() = self.segments.oldest();
    }
}

/// What every segment starts with: each group's vote and purge point, so that older segments are not needed for
/// them; and what older segments are still needed for.
fn checkpoint(groups: &Groups, held: &BTreeMap<u32, u64>) -> Builder {
    let mut checkpoint = Builder::default();
    checkpoint.clear();
    for (id, group) in groups.all() {
        let group = group.lock();
        if let Some(vote) = &group.vote {
            checkpoint.push(Kind::Vote, id, 0, vote);
        }
        if let Some((index, log_id)) = &group.purged {
            checkpoint.push(Kind::Purge, id, *index, log_id);
        }
    }
    for (group, index) in held {
        checkpoint.push(Kind::Held, *group, *index, &[]);
    }
    checkpoint
}

fn answer(job: Job, result: impl FnOnce() -> io::Result<()>) {
    match job {
        Job::Append { done, .. }
        | Job::Vote { done, .. }
        | Job::Truncate { done, .. }
        | Job::Forget { done, .. } => done.fire(result()),
        Job::Purge { .. } | Job::Stop => {}
    }
}
