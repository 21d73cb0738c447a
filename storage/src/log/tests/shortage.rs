//! A full disk, no descriptors, no memory: they pass.

use super::super::{Health, LogStore, Options, Wal, WhenFull};
use super::conformance::{append, body, entries, small};
use super::sim::{Left, Op, Sim};
use crate::Shortage;
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;

fn open(disk: &Sim, when_full: WhenFull) -> Wal {
    Wal::open_in(Arc::new(disk.clone()), &Options { when_full, ..small() }).unwrap()
}

/// From now on `op` fails.
fn break_op(disk: &Sim, broken: Op, errno: Errno) {
    disk.fault(move |op| (op == broken).then(|| io::Error::from_raw_os_error(errno.raw_os_error())));
}

/// Appends single entries until one fails; returns how many are in.
fn fill(wal: &Wal) -> u64 {
    (0..).find(|index| append(wal, 1, entries(*index..index + 1, 1)).is_err()).unwrap()
}

#[test]
fn each_shortage_fails_appends_and_nothing_else() {
    let cases = [
        (Errno::NOSPC, Shortage::Disk),
        (Errno::DQUOT, Shortage::Quota),
        (Errno::MFILE, Shortage::Descriptors),
        (Errno::NFILE, Shortage::SystemDescriptors),
        (Errno::NOMEM, Shortage::Memory),
    ];
    for ((errno, what), op) in cases.into_iter().flat_map(|case| [Op::Create, Op::Write].map(|op| (case, op)))
    {
        let disk = Sim::default();
        let wal = open(&disk, WhenFull::Fail);
        break_op(&disk, op, errno);
        let count = fill(&wal);
        assert_eq!(wal.health(), Health::Short(what), "{op:?}");
        assert_eq!(wal.read(1, 0..1000).unwrap(), entries(0..count, 1), "earlier entries are intact");
        let error = append(&wal, 1, entries(count..count + 1, 1)).unwrap_err();
        assert!(error.to_string().contains(&io::Error::from(errno).to_string()), "{error}");
        disk.heal();
        append(&wal, 1, entries(count..count + 1, 2)).unwrap();
        assert_eq!(wal.health(), Health::Good);
        drop(wal);
        let wal = open(&disk, WhenFull::Fail);
        let expected = [entries(0..count, 1), entries(count..count + 1, 2)].concat();
        assert_eq!(wal.read(1, 0..1000).unwrap(), expected);
    }
}

#[test]
fn appends_wait_until_it_passes_when_told_to() {
    let disk = Sim::default();
    let wal = open(&disk, WhenFull::Wait);
    break_op(&disk, Op::Write, Errno::NOSPC);
    let (done, answers) = mpsc::channel();
    for index in 0..60 {
        let done = done.clone();
        let answer = Box::new(move |result: io::Result<()>| done.send(result.is_ok()).unwrap());
        wal.append(1, entries(index..index + 1, 1), answer);
    }
    while wal.health() == Health::Good {
        std::thread::yield_now();
    }
    disk.heal();
    assert!((0..60).all(|_| answers.recv().unwrap()));
    assert_eq!(wal.health(), Health::Good);
    assert_eq!(wal.read(1, 0..100).unwrap(), entries(0..60, 1));
}

#[test]
fn no_descriptor_is_needed_while_segments_are_used_again() {
    let disk = Sim::default();
    let wal = open(&disk, WhenFull::Fail);
    // Nothing was written yet: not even the second segment is there. It is made with the descriptor held for it.
    break_op(&disk, Op::Create, Errno::MFILE);
    for index in 0..400 {
        wal.purge_upto(1, index, body(0, 0));
        append(&wal, 1, entries(index + 1..index + 2, 1)).unwrap();
    }
    assert_eq!(wal.health(), Health::Good);
}

#[test]
fn a_sync_that_failed_for_space_is_not_believed_later() {
    // File systems that allocate late say so in the sync, and then forget the pages.
    for errno in [Errno::NOSPC, Errno::DQUOT] {
        let disk = Sim::default();
        let wal = open(&disk, WhenFull::Wait);
        append(&wal, 1, entries(0..1, 1)).unwrap();
        let mut left = 2;
        disk.fault(move |op| {
            let fails = op == Op::Sync && left > 0;
            left -= usize::from(fails);
            fails.then(|| io::Error::from_raw_os_error(errno.raw_os_error()))
        });
        append(&wal, 1, entries(1..2, 1)).unwrap();
        let cut = disk.power_cut(Left::Nothing);
        assert_eq!(open(&cut, WhenFull::Wait).read(1, 0..9).unwrap(), entries(0..2, 1));
    }
}

#[test]
fn what_is_refused_behind_a_failed_append_is_not_read() {
    let disk = Sim::default();
    let wal = open(&disk, WhenFull::Fail);
    append(&wal, 1, entries(0..10, 1)).unwrap();
    let (reached, writes) = mpsc::channel();
    let (go, is_going) = mpsc::channel::<()>();
    disk.fault(move |op| {
        (op == Op::Write && reached.send(()).is_ok() && is_going.recv().is_ok())
            .then(|| io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error()))
    });
    let (done, answers) = mpsc::channel();
    let send = |entries| {
        let done = done.clone();
        wal.append(1, entries, Box::new(move |result| done.send(result.is_ok()).unwrap()));
    };
    send(entries(10..12, 2));
    writes.recv().unwrap();
    // While that one is tried, one comes that takes the place of entries before it.
    send(entries(5..8, 3));
    go.send(()).unwrap();
    assert_eq!([answers.recv().unwrap(), answers.recv().unwrap()], [false, false]);
    drop(go);
    disk.heal();
    assert_eq!(wal.read(1, 0..100).unwrap(), entries(0..5, 1), "neither of the two");
    assert!(append(&wal, 1, entries(8..9, 3)).is_err(), "it would leave a gap");
    append(&wal, 1, entries(5..6, 4)).unwrap();
    let expected = [entries(0..5, 1), entries(5..6, 4)].concat();
    assert_eq!(wal.read(1, 0..100).unwrap(), expected);
    drop(wal);
    assert_eq!(open(&disk, WhenFull::Fail).read(1, 0..100).unwrap(), expected);
}
