//! The log's one thread.

use super::frame::{self, Builder, Kind};
use super::groups::Place;
use super::replay::Loaded;
use super::segment::{SEGMENT_HEADER, Segment, Space};
use super::wal::{Options, Shared, WhenFull};
use super::{Done, Health};
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often a full disk is tried again.
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
    Stop,
}

/// An entry of the frame being written.
struct Written {
    group: u32,
    sequence: u64,
    index: u64,
    at: usize,
    crc: u32,
    len: u32,
}

/// A segment that is not written any more.
struct Old {
    path: PathBuf,
    bytes: u64,
    last: BTreeMap<u32, u64>,
}

/// Why a frame was not written.
enum Failure {
    /// Nothing happened; try again when there is space.
    Full(io::Error),
    /// What is on the disk is not known.
    Fatal(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::Full(error),
            _ => Failure::Fatal(error),
        }
    }
}

pub(super) struct Writer {
    dir: PathBuf,
    options: Options,
    space: Arc<dyn Space>,
    shared: Arc<Shared>,
    jobs: Receiver<Job>,
    active: Segment,
    offset: u64,
    active_last: BTreeMap<u32, u64>,
    old: VecDeque<Old>,
    spares: Arc<Mutex<Vec<PathBuf>>>,
    prepare: Sender<()>,
    /// Purge points that are on the disk.
    purged: BTreeMap<u32, u64>,
    frame: Builder,
    written: Vec<Written>,
    /// Entries with bytes in memory, oldest first: group, index, sequence, length.
    recent: VecDeque<(u32, u64, u64, u32)>,
    recent_bytes: u64,
}

impl Writer {
    pub(super) fn new(
        dir: &Path,
        options: Options,
        space: Arc<dyn Space>,
        shared: Arc<Shared>,
        jobs: Receiver<Job>,
        loaded: Loaded,
    ) -> io::Result<Writer> {
        let purged = shared.groups.all().into_iter().filter_map(|(group, state)| {
            let index = state.lock().purged.as_ref().map(|(index, _)| *index)?;
            Some((group, index))
        });
        let purged = purged.collect();
        let mut segments = loaded.segments;
        let (active, offset, active_last) = match segments.pop() {
            Some(last) => (last.segment, last.end, last.last),
            None => {
                let spare = dir.join("spare-0.wal");
                space.allocate(&spare, options.first_segment_bytes)?;
                (Segment::activate(dir, &spare, 1)?, SEGMENT_HEADER, BTreeMap::new())
            }
        };
        let old = segments
            .into_iter()
            .map(|old| Old { path: old.segment.path, bytes: old.segment.bytes, last: old.last })
            .collect();
        let spares = usable(dir, loaded.spares, &options)?;
        let (prepare, wanted) = crossbeam_channel::bounded(1);
        spawn_preparer(dir, &options, space.clone(), spares.clone(), wanted)?;
        let writer = Writer {
            dir: dir.to_owned(),
            options,
            space,
            shared,
            jobs,
            active,
            offset,
            active_last,
            old,
            spares,
            prepare,
            purged,
            frame: Builder::default(),
            written: Vec::new(),
            recent: VecDeque::new(),
            recent_bytes: 0,
        };
        writer.publish_segments();
        Ok(writer)
    }

    /// Until [`Job::Stop`].
    pub(super) fn run(mut self) {
        let mut batch = Vec::new();
        while let Ok(first) = self.jobs.recv() {
            self.frame.clear();
            self.written.clear();
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
                return;
            }
        }
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
                    self.written.push(Written { group, sequence, index, at, crc, len: bytes.len() as u32 });
                }
            }
            Job::Vote { group, vote, .. } => drop(self.frame.push(Kind::Vote, *group, 0, vote)),
            Job::Truncate { group, from, .. } => drop(self.frame.push(Kind::Truncate, *group, *from, &[])),
            Job::Purge { group, index, log_id } => drop(self.frame.push(Kind::Purge, *group, *index, log_id)),
            Job::Stop => {}
        }
        batch.push(job);
    }

    fn commit(&mut self, batch: &mut Vec<Job>) {
        if let Health::Failed(reason) = &*self.shared.health.read() {
            return batch.drain(..).for_each(|job| answer(job, || Err(io::Error::other(reason.clone()))));
        }
        if !self.frame.is_empty() {
            if let Err(error) = self.write_or_wait() {
                return self.fail(batch, &error);
            }
            self.settle(batch);
        }
        batch.drain(..).for_each(|job| answer(job, || Ok(())));
        self.free_segments();
        self.order_spare();
    }

    /// Writes the frame; with [`WhenFull::Wait`] until it succeeds or the log is closed.
    fn write_or_wait(&mut self) -> io::Result<()> {
        loop {
            match self.write() {
                Ok(()) => {
                    if *self.shared.health.read() != Health::Good {
                        tracing::info!("the log takes writes again");
                        *self.shared.health.write() = Health::Good;
                    }
                    return Ok(());
                }
                Err(Failure::Fatal(error)) => {
                    tracing::error!(%error, "the log failed; it takes no more writes");
                    *self.shared.health.write() = Health::Failed(format!("the log failed: {error}"));
                    return Err(error);
                }
                Err(Failure::Full(error)) => {
                    if *self.shared.health.read() == Health::Good {
                        tracing::error!(%error, "no space for the log");
                        *self.shared.health.write() = Health::Full;
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

    fn write(&mut self) -> Result<(), Failure> {
        if self.offset + self.frame.len() as u64 > self.active.bytes {
            self.roll()?;
        }
        let bytes = self.frame.finish(self.active.salt);
        self.active.file.write_all_at(bytes, self.offset)?;
        let started = Instant::now();
        // After a failed sync the kernel may have dropped the pages: never "try again".
        self.active.file.sync_data().map_err(Failure::Fatal)?;
        let counters = &self.shared.counters;
        counters.fsync_us.fetch_add(started.elapsed().as_micros() as u64, Ordering::Relaxed);
        counters.fsyncs.fetch_add(1, Ordering::Relaxed);
        counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        counters.entries.fetch_add(self.written.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// Starts the next segment with the checkpoint of all groups; the frame's sync makes it durable.
    fn roll(&mut self) -> Result<(), Failure> {
        let mut checkpoint = Builder::default();
        checkpoint.clear();
        for (id, group) in self.shared.groups.all() {
            let group = group.lock();
            if let Some(vote) = &group.vote {
                checkpoint.push(Kind::Vote, id, 0, vote);
            }
            if let Some((index, log_id)) = &group.purged {
                checkpoint.push(Kind::Purge, id, *index, log_id);
            }
        }
        let need = SEGMENT_HEADER + (checkpoint.len() + self.frame.len()) as u64 + 16;
        let spare = self.take_spare(need)?;
        let next = Segment::activate(&self.dir, &spare, self.active.id + 1)?;
        let mut offset = SEGMENT_HEADER;
        if !checkpoint.is_empty() {
            next.file.write_all_at(checkpoint.finish(next.salt), offset)?;
            offset = frame::aligned(offset + checkpoint.len() as u64);
        }
        let old = std::mem::replace(&mut self.active, next);
        let last = std::mem::take(&mut self.active_last);
        self.old.push_back(Old { path: old.path, bytes: old.bytes, last });
        self.offset = offset;
        self.publish_segments();
        Ok(())
    }

    fn take_spare(&mut self, need: u64) -> io::Result<PathBuf> {
        if need <= self.options.segment_bytes
            && let Some(spare) = self.spares.lock().pop()
        {
            return Ok(spare);
        }
        let path = self.dir.join(format!("spare-{}.wal", self.active.id + 1));
        self.space.allocate(&path, need.max(self.options.segment_bytes))?;
        Ok(path)
    }

    /// The frame is durable: says so in memory.
    fn settle(&mut self, batch: &[Job]) {
        for entry in &self.written {
            let group = self.shared.groups.get(entry.group);
            let mut group = group.lock();
            let last = self.active_last.entry(entry.group).or_default();
            *last = entry.index.max(*last);
            if let Some(slot) = group.slot_of(entry.index, entry.sequence) {
                let offset = self.offset + entry.at as u64;
                slot.place = Some(Place { file: self.active.file.clone(), offset, crc: entry.crc });
                self.recent.push_back((entry.group, entry.index, entry.sequence, entry.len));
                self.recent_bytes += u64::from(entry.len);
            }
        }
        self.offset = frame::aligned(self.offset + self.frame.len() as u64);
        for job in batch {
            match job {
                Job::Vote { group, vote, .. } => {
                    self.shared.groups.get(*group).lock().vote = Some(vote.clone())
                }
                Job::Purge { group, index, .. } => drop(self.purged.insert(*group, *index)),
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

    /// Takes the batch's entries back and answers with `error`.
    fn fail(&mut self, batch: &mut Vec<Job>, error: &io::Error) {
        for job in batch.drain(..) {
            if let Job::Append { group, entries, .. } = &job
                && let Some((first, _)) = entries.first()
            {
                let group = self.shared.groups.get(*group);
                let mut group = group.lock();
                group.failed = self.shared.sequence.load(Ordering::Relaxed);
                group.truncate_from(*first);
            }
            answer(job, || Err(io::Error::new(error.kind(), error.to_string())));
        }
    }

    fn free_segments(&mut self) {
        let mut freed = false;
        while let Some(oldest) = self.old.front() {
            let purged =
                |group: &u32, last: &u64| self.purged.get(group).is_some_and(|purged| purged >= last);
            if !oldest.last.iter().all(|(group, last)| purged(group, last)) {
                break;
            }
            let oldest = self.old.pop_front().expect("looked at above");
            freed = true;
            if let Err(error) = self.recycle(&oldest) {
                tracing::warn!(%error, path = %oldest.path.display(), "could not free a log segment");
            }
        }
        if freed {
            self.publish_segments();
        }
    }

    fn recycle(&self, old: &Old) -> io::Result<()> {
        let mut spares = self.spares.lock();
        if old.bytes != self.options.segment_bytes || spares.len() >= self.options.spares {
            return std::fs::remove_file(&old.path);
        }
        let name = old.path.file_name().and_then(|name| name.to_str()).unwrap_or("x.wal");
        let spare = self.dir.join(format!("spare-{name}"));
        std::fs::rename(&old.path, &spare)?;
        spares.push(spare);
        Ok(())
    }

    /// Has the next segment made while this one still has room.
    fn order_spare(&self) {
        if self.offset > self.active.bytes / 2 && self.spares.lock().is_empty() {
            // A full channel: it is ordered already.
            let _ = self.prepare.try_send(());
        }
    }

    fn publish_segments(&self) {
        let bytes = self.old.iter().map(|old| old.bytes).sum::<u64>() + self.active.bytes;
        self.shared.counters.segment_bytes.store(bytes, Ordering::Relaxed);
        *self.shared.oldest.lock() = self.old.front().map(|old| old.last.clone()).unwrap_or_default();
    }
}

fn answer(job: Job, result: impl FnOnce() -> io::Result<()>) {
    match job {
        Job::Append { done, .. } | Job::Vote { done, .. } | Job::Truncate { done, .. } => done.fire(result()),
        Job::Purge { .. } | Job::Stop => {}
    }
}

/// Renames what may be used again to a spare's name; removes files of another size.
fn usable(dir: &Path, found: Vec<PathBuf>, options: &Options) -> io::Result<Arc<Mutex<Vec<PathBuf>>>> {
    let mut spares = Vec::new();
    for path in found {
        if std::fs::metadata(&path)?.len() != options.segment_bytes || spares.len() >= options.spares {
            std::fs::remove_file(&path)?;
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("x.wal");
        let spare = dir.join(format!("spare-{}", name.trim_start_matches("spare-")));
        std::fs::rename(&path, &spare)?;
        spares.push(spare);
    }
    Ok(Arc::new(Mutex::new(spares)))
}

/// A thread that makes a spare for each order, and ends with the writer.
fn spawn_preparer(
    dir: &Path,
    options: &Options,
    space: Arc<dyn Space>,
    spares: Arc<Mutex<Vec<PathBuf>>>,
    wanted: Receiver<()>,
) -> io::Result<()> {
    let (dir, bytes) = (dir.to_owned(), options.segment_bytes);
    let prepare = move || {
        for number in 0.. {
            if wanted.recv().is_err() {
                return;
            }
            let (making, made) = (dir.join("next.tmp"), dir.join(format!("spare-prepared-{number}.wal")));
            let result = space.allocate(&making, bytes).and_then(|()| std::fs::rename(&making, &made));
            match result {
                Ok(()) => spares.lock().push(made),
                // The writer finds no spare, tries itself, and reports what it meets.
                Err(error) => tracing::warn!(%error, "could not prepare a log segment"),
            }
        }
    };
    std::thread::Builder::new().name("raft-log-space".to_owned()).spawn(prepare).map(drop)
}
