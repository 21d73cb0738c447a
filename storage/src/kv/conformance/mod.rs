//! What every engine must do.

mod load;

use super::{Database, Direction, Engine, Memory, Range, Read, Rows, Stall};
use crate::Options;
use bytes::Bytes;

/// An engine that can be crashed: everything since the last flush is lost.
trait Crash {
    fn engine(&self) -> &dyn Engine;
    fn crash(&mut self);
}

impl Crash for Memory {
    fn engine(&self) -> &dyn Engine {
        self
    }
    fn crash(&mut self) {
        *self = self.after_crash();
    }
}

/// RocksDB without a flush at shutdown: to close and reopen is to crash.
struct OnDisk {
    dir: tempfile::TempDir,
    family: Option<super::rocks::Family>,
}

impl OnDisk {
    fn new() -> Self {
        let mut disk = OnDisk { dir: tempfile::tempdir().unwrap(), family: None };
        disk.crash();
        disk
    }
}

impl Crash for OnDisk {
    fn engine(&self) -> &dyn Engine {
        self.family.as_ref().unwrap()
    }
    fn crash(&mut self) {
        self.family = None;
        let database = Database::open(self.dir.path(), &Options::default(), ()).unwrap();
        self.family = Some(database.family("p1").unwrap());
    }
}

fn on_both(check: impl Fn(&mut dyn Crash)) {
    check(&mut Memory::default());
    check(&mut OnDisk::new());
}

fn rows<const N: usize>(rows: [(&str, Option<&'static str>); N]) -> Rows {
    rows.into_iter()
        .map(|(key, value)| (key.into(), value.map(|v| Bytes::from_static(v.as_bytes()))))
        .collect()
}

fn keys(read: &dyn Read, lower: &str, upper: &str, direction: Direction) -> String {
    let range = Range { lower: lower.into(), upper: upper.into() };
    let mut cursor = read.scan(&range, direction).unwrap();
    let mut keys = vec![];
    while cursor.advance().unwrap() {
        assert_eq!(read.get(cursor.key()).unwrap().unwrap(), cursor.value());
        keys.push(String::from_utf8(cursor.key().to_vec()).unwrap());
    }
    keys.join(" ")
}

const ABCD: [(&str, Option<&str>); 4] =
    [("a", Some("1")), ("b", Some("2")), ("ba", Some("")), ("c", Some("4"))];

#[test]
fn a_batch_puts_and_deletes() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        engine.write(&rows([("a", None), ("b", Some("20")), ("nothing", None)]), Stall::Wait).unwrap();
        assert_eq!(engine.get(b"a").unwrap(), None);
        assert_eq!(engine.get(b"b").unwrap().unwrap(), "20");
        assert_eq!(engine.get(b"ba").unwrap().unwrap(), "");
    });
}

#[test]
fn a_scan_keeps_its_bounds_in_both_directions() {
    on_both(|crash| {
        crash.engine().write(&rows(ABCD), Stall::Wait).unwrap();
        let engine = crash.engine();
        assert_eq!(keys(engine, "a", "c", Direction::Ascending), "a b ba");
        assert_eq!(keys(engine, "a", "c", Direction::Descending), "ba b a");
        assert_eq!(keys(engine, "aa", "z", Direction::Ascending), "b ba c");
        assert_eq!(keys(engine, "c", "c", Direction::Descending), "");
        assert_eq!(keys(engine, "d", "b", Direction::Ascending), "");
        assert_eq!(keys(engine, "d", "z", Direction::Descending), "");
    });
}

#[test]
fn snapshots_and_cursors_do_not_see_later_writes() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        let snapshot = engine.snapshot().unwrap();
        let range = Range { lower: "a".into(), upper: "z".into() };
        let mut cursor = engine.scan(&range, Direction::Ascending).unwrap();
        assert!(cursor.advance().unwrap());
        engine.write(&rows([("a", None), ("aa", Some("new")), ("c", Some("changed"))]), Stall::Wait).unwrap();
        assert_eq!(keys(&*snapshot, "a", "z", Direction::Ascending), "a b ba c");
        assert_eq!(snapshot.get(b"c").unwrap().unwrap(), "4");
        let mut count = 1;
        while cursor.advance().unwrap() {
            count += 1;
        }
        assert_eq!(count, 4);
        assert_eq!(keys(engine, "a", "z", Direction::Ascending), "aa b ba c");
    });
}

#[test]
fn a_crash_keeps_what_was_flushed_and_nothing_else() {
    on_both(|crash| {
        crash.engine().write(&rows(ABCD), Stall::Wait).unwrap();
        assert_eq!(crash.engine().durable(b"a").unwrap(), None);
        crash.engine().flush().unwrap();
        assert_eq!(crash.engine().durable(b"a").unwrap().unwrap(), "1");
        crash.engine().write(&rows([("a", None), ("b", Some("20")), ("d", Some("5"))]), Stall::Wait).unwrap();
        assert_eq!(crash.engine().durable(b"a").unwrap().unwrap(), "1");
        assert_eq!(crash.engine().durable(b"b").unwrap().unwrap(), "2");
        crash.crash();
        assert_eq!(keys(crash.engine(), "a", "z", Direction::Ascending), "a b ba c");
        assert_eq!(crash.engine().get(b"b").unwrap().unwrap(), "2");
    });
}

#[test]
fn cleared_rows_do_not_come_back() {
    on_both(|crash| {
        crash.engine().write(&rows([("a", Some("1")), ("b", Some("1"))]), Stall::Wait).unwrap();
        crash.engine().flush().unwrap();
        {
            let engine = crash.engine();
            let before = engine.snapshot().unwrap();
            engine.clear().unwrap();
            assert_eq!(keys(&*before, "", "z", Direction::Ascending), "a b");
            assert_eq!(keys(engine, "", "z", Direction::Ascending), "");
            assert_eq!(engine.durable(b"a").unwrap(), None);
            engine.write(&rows([("c", Some("1"))]), Stall::Wait).unwrap();
        }
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "z", Direction::Ascending), "");
        crash.engine().clear().unwrap();
        crash.engine().write(&rows([("d", Some("1"))]), Stall::Wait).unwrap();
        crash.engine().flush().unwrap();
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "z", Direction::Ascending), "d");
    });
}

#[test]
fn an_engine_of_before_a_crash_does_no_more_harm() {
    let before = Memory::default();
    before.write(&rows(ABCD), Stall::Wait).unwrap();
    before.flush().unwrap();
    let after = before.after_crash();
    before.write(&rows([("a", None), ("z", Some("5"))]), Stall::Wait).unwrap();
    before.flush().unwrap();
    assert_eq!(keys(&after, "a", "zz", Direction::Ascending), "a b ba c");
    assert_eq!(keys(&after.after_crash(), "a", "zz", Direction::Ascending), "a b ba c");
}

#[test]
fn the_successor_of_a_prefix_ends_its_range() {
    assert_eq!(super::successor(b"ab"), b"ac");
    assert_eq!(super::successor(&[1, 0xff, 0xff]), [2]);
}
