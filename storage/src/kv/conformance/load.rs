//! Rows that take the place of all there are.

use super::*;
use crate::Error;
use crate::kv::Loader;

fn load<const N: usize>(engine: &dyn Engine, rows: [(&str, &str); N]) -> Box<dyn Loader> {
    let mut load = engine.loader().unwrap();
    rows.iter().for_each(|(key, value)| load.put(key.as_bytes(), value.as_bytes()).unwrap());
    load
}

const BEFORE_BETWEEN_AFTER: [(&str, &str); 3] = [("aa", "new"), ("b", "20"), ("d", "")];

#[test]
fn a_load_replaces_all_rows_and_is_durable() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        engine.flush().unwrap();
        engine.write(&rows([("A", Some("first")), ("b", None), ("z", Some("last"))]), Stall::Wait).unwrap();
        load(engine, BEFORE_BETWEEN_AFTER).replace().unwrap();
        assert_eq!(keys(engine, "", "~", Direction::Ascending), "aa b d");
        assert_eq!(keys(engine, "", "~", Direction::Descending), "d b aa");
        assert_eq!((engine.get(b"a").unwrap(), engine.durable(b"a").unwrap()), (None, None));
        assert_eq!(engine.get(b"b").unwrap().unwrap(), "20");
        assert_eq!(engine.durable(b"b").unwrap().unwrap(), "20");
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "~", Direction::Ascending), "aa b d");
        assert_eq!(crash.engine().get(b"b").unwrap().unwrap(), "20");
    });
}

#[test]
fn what_is_written_after_a_load_is_lost_or_kept_as_ever() {
    on_both(|crash| {
        crash.engine().write(&rows(ABCD), Stall::Wait).unwrap();
        load(crash.engine(), BEFORE_BETWEEN_AFTER).replace().unwrap();
        crash.engine().write(&rows([("b", None), ("c", Some("kept"))]), Stall::Wait).unwrap();
        crash.engine().flush().unwrap();
        crash.engine().write(&rows([("aa", None), ("e", Some("lost"))]), Stall::Wait).unwrap();
        assert_eq!(keys(crash.engine(), "", "~", Direction::Ascending), "c d e");
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "~", Direction::Ascending), "aa c d");
    });
}

#[test]
fn a_load_that_is_given_up_changes_nothing() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        engine.flush().unwrap();
        engine.write(&rows([("a", None), ("d", Some("5"))]), Stall::Wait).unwrap();
        drop(load(engine, BEFORE_BETWEEN_AFTER));
        assert_eq!(keys(engine, "", "~", Direction::Ascending), "b ba c d");
        drop(load(engine, BEFORE_BETWEEN_AFTER));
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "~", Direction::Ascending), "a b ba c");
    });
}

#[test]
fn a_load_takes_rows_in_order_and_at_least_one() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        for wrong in ["b", "aa", ""] {
            let mut load = load(engine, [("b", "")]);
            let refused = load.put(wrong.as_bytes(), b"");
            assert!(matches!(refused, Err(Error::Corrupt { table: "snapshot", .. })), "{wrong}");
        }
        let refused = engine.loader().unwrap().replace();
        assert!(matches!(refused, Err(Error::Corrupt { table: "snapshot", .. })));
        assert_eq!(keys(engine, "", "~", Direction::Ascending), "a b ba c");
    });
}

#[test]
fn snapshots_and_cursors_do_not_see_replaced_rows() {
    on_both(|crash| {
        let engine = crash.engine();
        engine.write(&rows(ABCD), Stall::Wait).unwrap();
        engine.flush().unwrap();
        engine.write(&rows([("d", Some("5"))]), Stall::Wait).unwrap();
        let snapshot = engine.snapshot().unwrap();
        let range = Range { lower: "".into(), upper: "~".into() };
        let mut cursors = [
            engine.scan(&range, Direction::Ascending).unwrap(),
            engine.sweep().unwrap(),
            snapshot.sweep().unwrap(),
        ];
        cursors.iter_mut().for_each(|cursor| assert!(cursor.advance().unwrap()));
        for _ in 0..2 {
            load(engine, BEFORE_BETWEEN_AFTER).replace().unwrap();
            engine.write(&rows([("f", Some("7"))]), Stall::Wait).unwrap();
        }
        for mut cursor in cursors {
            let mut found = vec![cursor.key().to_vec()];
            while cursor.advance().unwrap() {
                found.push(cursor.key().to_vec());
            }
            assert_eq!(found.join(&b' '), b"a b ba c d");
        }
        assert_eq!(keys(&*snapshot, "", "~", Direction::Ascending), "a b ba c d");
        assert_eq!(snapshot.get(b"b").unwrap().unwrap(), "2");
        assert_eq!(keys(engine, "", "~", Direction::Ascending), "aa b d f");
    });
}

#[test]
fn of_loads_side_by_side_the_last_one_stands() {
    on_both(|crash| {
        let engine = crash.engine();
        let (one, other) = (load(engine, [("one", "")]), load(engine, [("other", "")]));
        let never = load(engine, [("never", "")]);
        other.replace().unwrap();
        one.replace().unwrap();
        drop(never);
        assert_eq!(keys(engine, "", "~", Direction::Ascending), "one");
        crash.crash();
        assert_eq!(keys(crash.engine(), "", "~", Direction::Ascending), "one");
    });
}

#[test]
fn a_load_of_before_a_crash_does_no_more_harm() {
    let before = Memory::default();
    before.write(&rows(ABCD), Stall::Wait).unwrap();
    before.flush().unwrap();
    let load = load(&before, BEFORE_BETWEEN_AFTER);
    let after = before.after_crash();
    load.replace().unwrap();
    assert_eq!(keys(&after, "a", "zz", Direction::Ascending), "a b ba c");
    assert_eq!(keys(&after.after_crash(), "a", "zz", Direction::Ascending), "a b ba c");
}
