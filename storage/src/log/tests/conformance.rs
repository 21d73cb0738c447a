//! What every log does. Runs for both.

use super::super::{Done, LogStore, MemoryDisk, MemoryLog, Options, State, Wal, WhenFull};
use bytes::Bytes;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;

/// A log that can be crashed and opened again.
pub(super) trait Bench {
    fn log(&self) -> &dyn LogStore;
    /// Makes what was given so far durable.
    fn sync(&self);
    fn crash(self) -> Self;
}

pub(super) struct Memory(MemoryLog);

impl Bench for Memory {
    fn log(&self) -> &dyn LogStore {
        &self.0
    }
    fn sync(&self) {
        self.0.sync();
    }
    fn crash(self) -> Self {
        Memory(self.0.after_crash())
    }
}

pub(super) struct Disk {
    wal: Option<Wal>,
    dir: PathBuf,
    // Removed with the bench.
    _keep: std::sync::Arc<tempfile::TempDir>,
}

impl Disk {
    pub(super) fn new() -> Disk {
        let keep = std::sync::Arc::new(tempfile::tempdir().unwrap());
        let dir = keep.path().to_owned();
        Disk { wal: Some(Wal::open(&dir, &small()).unwrap()), dir, _keep: keep }
    }
}

/// Segments so small that the suite rolls and frees them.
pub(super) fn small() -> Options {
    Options {
        segment_bytes: 4096,
        first_segment_bytes: 4096,
        recent_bytes: 500,
        when_full: WhenFull::Fail,
        ..Options::default()
    }
}

impl Bench for Disk {
    fn log(&self) -> &dyn LogStore {
        self.wal.as_ref().unwrap()
    }
    fn sync(&self) {
        append(self.log(), u32::MAX, Vec::new()).unwrap();
    }
    fn crash(mut self) -> Self {
        drop(self.wal.take());
        Disk {
            wal: Some(Wal::open(&self.dir, &small()).unwrap()),
            dir: self.dir.clone(),
            _keep: self._keep.clone(),
        }
    }
}

pub(super) fn body(index: u64, term: u64) -> Bytes {
    Bytes::from(format!("{index}/{term}/{}", "x".repeat(100)))
}

pub(super) fn entries(range: std::ops::Range<u64>, term: u64) -> Vec<(u64, Bytes)> {
    range.map(|index| (index, body(index, term))).collect()
}

/// Appends and waits for the answer.
pub(super) fn append(log: &dyn LogStore, group: u32, entries: Vec<(u64, Bytes)>) -> io::Result<()> {
    let (done, answer) = mpsc::channel();
    log.append(group, entries, Box::new(move |result| done.send(result).unwrap()));
    answer.recv().unwrap()
}

fn later(log: &dyn LogStore, group: u32, entries: Vec<(u64, Bytes)>) {
    log.append(group, entries, Box::new(|result| result.unwrap()));
}

fn ignore() -> Done {
    Box::new(|result| result.unwrap())
}

fn reads_what_was_appended(bench: impl Bench) {
    later(bench.log(), 1, entries(0..50, 1));
    later(bench.log(), 2, entries(7..9, 1));
    assert_eq!(bench.log().read(1, 3..6).unwrap(), entries(3..6, 1), "before it is durable");
    bench.sync();
    let bench = bench.crash();
    assert_eq!(bench.log().read(1, 0..100).unwrap(), entries(0..50, 1));
    assert_eq!(bench.log().read(2, 0..100).unwrap(), entries(7..9, 1));
    assert_eq!(bench.log().state(1).last, Some(49));
    assert_eq!(bench.log().state(3), State::default());
}

fn replaces_and_truncates(bench: impl Bench) {
    later(bench.log(), 1, entries(0..20, 1));
    later(bench.log(), 1, entries(10..12, 2));
    assert_eq!(bench.log().state(1).last, Some(11));
    bench.log().truncate_after(1, Some(10), ignore());
    later(bench.log(), 1, entries(11..13, 3));
    bench.sync();
    let expected = [entries(0..10, 1), entries(10..11, 2), entries(11..13, 3)].concat();
    assert_eq!(bench.log().read(1, 0..100).unwrap(), expected);
    let bench = bench.crash();
    assert_eq!(bench.log().read(1, 0..100).unwrap(), expected);
    bench.log().truncate_after(1, None, ignore());
    bench.sync();
    assert_eq!(bench.crash().log().state(1).last, None);
}

fn keeps_votes_and_purge_points(bench: impl Bench) {
    bench.log().save_vote(1, Bytes::from_static(b"vote 1"), ignore());
    bench.log().save_vote(1, Bytes::from_static(b"vote 2"), ignore());
    bench.sync();
    // Many segments later the vote is still there, and purged entries are not.
    for start in (0..2000).step_by(10) {
        later(bench.log(), 1, entries(start..start + 10, 1));
        if start > 100 {
            bench.log().purge_upto(1, start - 100, Bytes::from_static(b"id"));
        }
        bench.sync();
    }
    let bench = bench.crash();
    let state = bench.log().state(1);
    assert_eq!(state.vote.as_deref(), Some(&b"vote 2"[..]));
    assert_eq!(state.purged, Some((1890, Bytes::from_static(b"id"))));
    assert_eq!(bench.log().read(1, 0..5000).unwrap(), entries(1891..2000, 1));
    assert!(bench.log().stats().segment_bytes < 40 * 4096, "segments were freed");
}

fn a_purge_beyond_the_end_moves_the_start(bench: impl Bench) {
    later(bench.log(), 1, entries(0..5, 1));
    bench.log().purge_upto(1, 9, Bytes::from_static(b"id"));
    bench.sync();
    assert_eq!(bench.log().state(1).last, None);
    assert_eq!(append_now(&bench, entries(12..13, 2)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    append_now(&bench, entries(10..11, 2)).unwrap();
    assert_eq!(bench.crash().log().read(1, 0..100).unwrap(), entries(10..11, 2));
}

fn append_now(bench: &impl Bench, entries: Vec<(u64, Bytes)>) -> io::Result<()> {
    let (done, answer) = mpsc::channel();
    bench.log().append(1, entries, Box::new(move |result| done.send(result).unwrap()));
    bench.sync();
    answer.recv().unwrap()
}

fn refuses_a_gap(bench: impl Bench) {
    append_now(&bench, entries(0..3, 1)).unwrap();
    assert_eq!(append_now(&bench, entries(4..5, 1)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    append_now(&bench, entries(3..4, 1)).unwrap();
    assert_eq!(bench.crash().log().read(1, 0..9).unwrap(), entries(0..4, 1));
}

fn a_forgotten_group_begins_anew_with_any_index(bench: impl Bench) {
    later(bench.log(), 1, entries(0..60, 1));
    later(bench.log(), 2, entries(0..3, 1));
    bench.log().purge_upto(1, 30, Bytes::from_static(b"id"));
    bench.sync();
    bench.log().forget(1, Bytes::from_static(b"of another life"), ignore());
    bench.sync();
    let forgotten = State { vote: Some(Bytes::from_static(b"of another life")), ..State::default() };
    assert_eq!((bench.log().state(1), bench.log().group_bytes(1)), (forgotten.clone(), 0));
    let bench = bench.crash();
    assert_eq!(bench.log().state(1), forgotten);
    assert!(bench.log().read(1, 0..100).unwrap().is_empty());
    // Indexes that were purged before, over many segments: they are kept.
    for start in (0..40).step_by(4) {
        later(bench.log(), 1, entries(start..start + 4, 2));
        later(bench.log(), 2, entries(start + 3..start + 7, 1));
        bench.log().purge_upto(2, start, Bytes::from_static(b"id"));
        bench.sync();
    }
    assert_eq!(bench.log().read(1, 0..100).unwrap(), entries(0..40, 2));
    let bench = bench.crash();
    assert_eq!(bench.log().read(1, 0..100).unwrap(), entries(0..40, 2));
    assert_eq!(bench.log().read(2, 37..100).unwrap(), entries(37..43, 1));
}

/// What a group left behind keeps no segment from being freed.
fn a_forgotten_group_gives_its_disk_back(bench: impl Bench) {
    later(bench.log(), 1, entries(0..200, 1));
    bench.sync();
    bench.log().forget(1, Bytes::from_static(b"v"), ignore());
    for start in (0..2000).step_by(10) {
        later(bench.log(), 2, entries(start..start + 10, 1));
        bench.log().purge_upto(2, start, Bytes::from_static(b"id"));
        bench.sync();
    }
    assert!(!bench.log().pinning().contains(&1));
    assert!(bench.log().stats().segment_bytes < 8 * 4096, "{:?}", bench.log().stats());
    let bench = bench.crash();
    assert_eq!(bench.log().state(1).vote.as_deref(), Some(&b"v"[..]));
    assert_eq!(bench.log().state(1).last, None);
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        mod memory { $(#[test] fn $case() { super::$case(super::Memory(super::MemoryLog::manual())); })* }
        mod wal { $(#[test] fn $case() { super::$case(super::Disk::new()); })* }
    };
}

suite!(
    reads_what_was_appended,
    replaces_and_truncates,
    keeps_votes_and_purge_points,
    a_purge_beyond_the_end_moves_the_start,
    refuses_a_gap,
    a_forgotten_group_begins_anew_with_any_index,
    a_forgotten_group_gives_its_disk_back,
);

#[test]
fn a_crash_loses_what_was_not_synced() {
    let bench = Memory(MemoryLog::manual());
    later(bench.log(), 1, entries(0..3, 1));
    bench.sync();
    later(bench.log(), 1, entries(3..5, 1));
    bench.log().save_vote(1, Bytes::from_static(b"v"), ignore());
    assert_eq!(bench.log().state(1).last, Some(4));
    let state = bench.crash().log().state(1);
    assert_eq!((state.last, state.vote), (Some(2), None));
}

#[test]
fn a_sync_takes_the_oldest_operations_and_a_crash_the_others() {
    let disk = MemoryDisk::default();
    let log = disk.open();
    let (asked, asks) = mpsc::channel();
    log.on_work(move || asked.send(()).unwrap());
    for index in 0..4 {
        later(&log, 1, entries(index..index + 1, 1));
    }
    assert_eq!((asks.try_iter().count(), log.pending()), (4, 4));
    log.sync_next(3);
    assert_eq!((disk.open().state(1).last, log.pending()), (Some(2), 1));
}

#[test]
fn a_log_on_a_crashed_disk_writes_nothing_and_answers_nobody() {
    let disk = MemoryDisk::default();
    let old = disk.open();
    later(&old, 1, entries(0..1, 1));
    old.sync();
    let (done, answers) = mpsc::channel();
    let append = |entries| {
        let done = done.clone();
        old.append(1, entries, Box::new(move |result| done.send(result.is_ok()).unwrap()));
    };
    append(entries(1..2, 1));
    disk.crash();
    append(entries(2..3, 1));
    old.sync();
    old.close();
    assert_eq!(answers.try_recv(), Err(mpsc::TryRecvError::Empty));
    let new = disk.open();
    assert_eq!(new.state(1).last, Some(0));
    later(&new, 1, entries(1..2, 2));
    new.sync();
    assert_eq!(disk.open().read(1, 0..9).unwrap(), [entries(0..1, 1), entries(1..2, 2)].concat());
}
