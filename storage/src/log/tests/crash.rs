//! The power goes at every operation: what was acknowledged is there, and nothing else but what was being written.

use super::super::{Health, LogStore, Wal};
use super::conformance::{append, entries, small};
use super::sim::{Left, Op, Sim};
use super::story::{Known, Step, Told, has, known_after_each, story, tell};
use rustix::io::Errno;
use std::io;
use std::sync::Arc;

fn open(disk: &Sim) -> io::Result<Wal> {
    Wal::open_in(Arc::new(disk.clone()), &small())
}

/// Nothing works from operation `at` on; returns the disk and how far the story came.
fn tell_until(at: u64, steps: &[Step]) -> (Sim, Told, bool) {
    let disk = Sim::default();
    let (mut count, (died, is_dead)) = (0, std::sync::mpsc::channel());
    disk.fault(move |_| {
        count += 1;
        (count > at).then(|| {
            let _ = died.send(());
            io::Error::from_raw_os_error(Errno::IO.raw_os_error())
        })
    });
    let told = open(&disk).map_or(Told { sure: 0, tried: 0 }, |wal| tell(&wal, steps));
    (disk, told, is_dead.try_recv().is_ok())
}

/// Which of the states that are allowed the log has.
fn state_of(wal: &Wal, told: &Told, known: &[Known]) -> Option<usize> {
    (told.sure..=told.tried).find(|steps| has(wal, &known[*steps]))
}

#[test]
fn the_power_goes_at_every_operation() {
    let steps = story();
    let known = known_after_each(&steps);
    for at in 0.. {
        let (disk, told, crashed) = tell_until(at, &steps);
        for left in [Left::Nothing, Left::All, Left::Some(at), Left::Some(at + 1_000_000)] {
            let what = format!("operation {at}, {left:?}, {told:?}");
            let after = disk.power_cut(left);
            let wal = open(&after).unwrap_or_else(|error| panic!("{what}: {error}"));
            let state = state_of(&wal, &told, &known).unwrap_or_else(|| panic!("{what}: lost"));
            // What was seen once stays, even if the power goes again at once.
            let again = after.power_cut(Left::Nothing);
            drop(wal);
            let wal = open(&again).unwrap_or_else(|error| panic!("{what}, again: {error}"));
            assert!(has(&wal, &known[state]), "{what}: seen, then lost");
            append(&wal, 9, entries(0..3, 1)).unwrap();
            drop(wal);
            assert_eq!(open(&again).unwrap().read(9, 0..9).unwrap(), entries(0..3, 1), "{what}");
        }
        if !crashed {
            assert_eq!(told.sure, steps.len());
            assert!(!disk.files().contains_key("0000000000000001.wal"), "segments were freed on the way");
            return;
        }
    }
}

#[test]
fn a_log_that_did_not_sync_would_be_found() {
    let steps = story();
    let known = known_after_each(&steps);
    for sync in [Op::Sync, Op::SyncFolder] {
        let disk = Sim::default();
        disk.lie(sync);
        let wal = open(&disk).unwrap();
        let told = tell(&wal, &steps[..3]);
        assert_eq!(told.sure, 3);
        let found = open(&disk.power_cut(Left::Nothing));
        let state = found.ok().and_then(|wal| state_of(&wal, &told, &known));
        assert_eq!(state, None, "{sync:?} was not made, and nothing was lost");
    }
}

#[test]
fn a_failed_sync_acknowledges_nothing_and_reads_go_on() {
    let steps = story();
    let known = known_after_each(&steps);
    for at in 0.. {
        let disk = Sim::default();
        let (mut syncs, (fails, failed)) = (0, std::sync::mpsc::channel());
        disk.fault(move |op| {
            syncs += u64::from(op == Op::Sync);
            (op == Op::Sync && syncs == at + 1).then(|| {
                let _ = fails.send(());
                io::Error::from_raw_os_error(Errno::IO.raw_os_error())
            })
        });
        let Ok(wal) = open(&disk) else { continue };
        let told = tell(&wal, &steps);
        if failed.try_recv().is_err() {
            return;
        }
        if told.sure == steps.len() {
            // It was the sync of a spare, which was not needed.
            continue;
        }
        let what = format!("sync {at}, {told:?}");
        assert!(matches!(wal.health(), Health::Failed(_)), "{what}");
        assert!(append(&wal, 9, entries(0..1, 1)).is_err(), "{what}: it takes no more writes");
        let read = wal.read(1, 0..10_000).unwrap();
        drop(wal);
        // The process is started again; the page cache lives, and says that the lost pages are clean.
        let wal = open(&disk).unwrap_or_else(|error| panic!("{what}: {error}"));
        let state = state_of(&wal, &told, &known).unwrap_or_else(|| panic!("{what}: lost"));
        assert!(wal.read(1, 0..10_000).unwrap().len() >= read.len(), "{what}: what could be read is there");
        // What it was shown to have is durable now.
        let cut = disk.power_cut(Left::Nothing);
        let wal = open(&cut).unwrap_or_else(|error| panic!("{what}, again: {error}"));
        assert!(has(&wal, &known[state]), "{what}: replayed, then lost");
    }
}

#[test]
fn what_a_failed_log_refuses_is_not_read() {
    let disk = Sim::default();
    let wal = open(&disk).unwrap();
    append(&wal, 1, entries(0..3, 1)).unwrap();
    disk.fault(|op| (op == Op::Sync).then(|| io::Error::from_raw_os_error(Errno::IO.raw_os_error())));
    // Nobody waits for a purge: the append finds a log that has failed already.
    wal.purge_upto(2, 0, bytes::Bytes::from_static(b"id"));
    while !matches!(wal.health(), Health::Failed(_)) {
        std::thread::yield_now();
    }
    assert!(append(&wal, 1, entries(3..5, 1)).is_err());
    assert_eq!(wal.read(1, 0..9).unwrap(), entries(0..3, 1));
}
