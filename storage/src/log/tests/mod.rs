//! A log on the real disk; crashes, damage and shortage on a simulated one.

mod conformance;
mod crash;
mod damage;
mod old;
mod shortage;
mod sim;
mod story;

use super::segment::{Segment, name_of};
use super::{DiskFolder, LogStore, Wal};
use conformance::{append, body, entries, small};
use std::io;
use std::path::Path;

/// Three frames of one entry each in one segment; returns the file and where its last frame starts and ends.
fn three_frames(dir: &Path) -> (Vec<u8>, usize, usize) {
    let wal = Wal::open(dir, &small()).unwrap();
    for index in 0..3 {
        append(&wal, 1, entries(index..index + 1, 1)).unwrap();
    }
    drop(wal);
    let segment = Segment::open(&DiskFolder::open(dir).unwrap(), 1).unwrap().unwrap();
    let scan = segment.scan().unwrap();
    let (last, frame) = scan.frames.last().unwrap();
    assert_eq!(scan.frames.len(), 4, "the checkpoint and three");
    let mut bytes = std::fs::read(&segment.file.path).unwrap();
    // As a power cut leaves it: without the mark that closing put behind them.
    bytes[scan.end.offset as usize..].fill(0);
    (bytes, *last as usize, *last as usize + frame.len())
}

/// Opens the folder with the segment's bytes replaced.
fn open_with(dir: &Path, bytes: &[u8]) -> io::Result<Wal> {
    std::fs::write(dir.join(name_of(1)), bytes).unwrap();
    Wal::open(dir, &small())
}

#[test]
fn a_torn_tail_at_any_byte_leaves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (good, start, end) = three_frames(dir.path());
    for at in start..end {
        // The write stopped here: what follows is what was there before, zeros.
        let mut torn = good.clone();
        torn[at..].fill(0);
        // The last byte of a body is never zero, so each of these is really torn.
        let wal = open_with(dir.path(), &torn).unwrap();
        assert_eq!(wal.read(1, 0..9).unwrap(), entries(0..2, 1), "torn at {at}");
        append(&wal, 1, entries(2..3, 2)).unwrap();
        drop(wal);
        let wal = Wal::open(dir.path(), &small()).unwrap();
        assert_eq!(wal.read(1, 2..3).unwrap(), entries(2..3, 2));
    }
}

#[test]
fn a_flipped_byte_in_the_tail_leaves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (good, start, end) = three_frames(dir.path());
    for at in start..end {
        let mut damaged = good.clone();
        damaged[at] ^= 0x55;
        let wal = open_with(dir.path(), &damaged).unwrap();
        assert_eq!(wal.read(1, 0..9).unwrap(), entries(0..2, 1), "damaged at {at}");
    }
}

#[test]
fn a_recycled_segment_shows_nothing_of_its_past() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Wal::open(dir.path(), &small()).unwrap();
    for index in 0..400 {
        append(&wal, 1, entries(index..index + 1, 1)).unwrap();
        wal.purge_upto(1, index.saturating_sub(5), body(0, 0));
    }
    drop(wal);
    let files = std::fs::read_dir(dir.path()).unwrap().count();
    assert!(files < 10, "{files} files: segments are used again");
    let wal = Wal::open(dir.path(), &small()).unwrap();
    assert_eq!(wal.state(1).last, Some(399));
    assert_eq!(wal.read(1, 395..500).unwrap(), entries(395..400, 1));
}

#[test]
fn a_cold_group_pins_the_oldest_segment() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Wal::open(dir.path(), &small()).unwrap();
    append(&wal, 7, entries(0..1, 1)).unwrap();
    for index in 0..200 {
        append(&wal, 1, entries(index..index + 1, 1)).unwrap();
        wal.purge_upto(1, index, body(0, 0));
    }
    append(&wal, 1, Vec::new()).unwrap();
    assert_eq!(wal.pinning(), vec![7]);
    let before = wal.stats().segment_bytes;
    wal.purge_upto(7, 0, body(0, 0));
    append(&wal, 1, entries(200..201, 1)).unwrap();
    append(&wal, 1, entries(201..202, 1)).unwrap();
    assert!(wal.stats().segment_bytes < before);
}

#[test]
fn a_second_opening_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _wal = Wal::open(dir.path(), &small()).unwrap();
    let error = Wal::open(dir.path(), &small()).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn one_append_may_be_larger_than_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    let large = bytes::Bytes::from(vec![7_u8; 100_000]);
    {
        let wal = Wal::open(dir.path(), &small()).unwrap();
        append(&wal, 1, vec![(0, large.clone())]).unwrap();
    }
    let wal = Wal::open(dir.path(), &small()).unwrap();
    assert_eq!(wal.read(1, 0..1).unwrap(), vec![(0, large)]);
}

#[test]
fn closing_answers_what_comes_later() {
    let dir = tempfile::tempdir().unwrap();
    let wal = Wal::open(dir.path(), &small()).unwrap();
    append(&wal, 1, entries(0..1, 1)).unwrap();
    wal.close();
    assert_eq!(append(&wal, 1, entries(1..2, 1)).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}
