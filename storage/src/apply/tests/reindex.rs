//! Index values of other generations of search parameters.

use super::fixture::*;
use crate::{Applied, ChangeKind};
use proto::id::ResourceKey;

const REFUSED: Applied = Applied::Outdated { generation: 3 };

fn values(f: &Fixture, key: &ResourceKey) -> Option<(u64, String)> {
    let row = f.partition.index_row(TENANT, key).unwrap()?;
    Some((row.version, String::from_utf8(row.index_values.to_vec()).unwrap()))
}

#[test]
fn older_values_are_refused_once_newer_ones_came_and_nothing_else_is() {
    let f = Fixture::new();
    let (a, b) = (own("a"), observation("x", "b"));
    assert_eq!(f.apply(write([put(a, 0), put(b, 0)])), Applied::Done);
    assert_eq!(f.apply(reindex(3, [])), Applied::Done);
    for (name, old) in [("t", put(a, 1)), ("u", of_generation(2, put(a, 1)))] {
        assert_eq!(f.apply(write([old.clone()])), REFUSED);
        assert_eq!(f.apply(prepare(name, [old.clone()])), REFUSED);
        assert_eq!(f.apply(decide(name, true, Some(write([old])))), REFUSED);
    }
    assert_eq!(f.apply(reindex(2, [(a, 1, "old")])), REFUSED);
    assert_eq!(values(&f, &a), Some((1, "values 1".into())));
    assert_eq!(f.apply(write([delete(b, 1), locate("o", Some("x"), None)])), Applied::Done);
    assert_eq!(f.apply(write([of_generation(3, put(a, 1))])), Applied::Done);
    assert_eq!(f.apply(write([of_generation(4, put(a, 2))])), Applied::Done);
    assert_eq!(f.apply(write([of_generation(3, put(a, 3))])), Applied::Done, "the least is taken");
}

#[test]
fn a_fence_and_what_it_refuses_may_come_in_one_slice() {
    let f = Fixture::new();
    let entries: Vec<_> = [write([put(own("a"), 0)]), reindex(3, []), write([put(own("a"), 1)])]
        .into_iter()
        .zip(1..)
        .map(|(kind, index)| entry(index, 1_000, kind))
        .collect();
    let applied: Vec<_> =
        f.partition.apply(&entries).unwrap().into_iter().map(|(applied, _)| applied).collect();
    assert_eq!(applied, [Applied::Done, Applied::Done, REFUSED]);
}

#[test]
fn what_was_prepared_before_is_finished_after() {
    let f = Fixture::new();
    let key = observation("x", "o");
    assert_eq!(f.apply(prepare("t", [put(key, 0)])), Applied::Done);
    assert_eq!(f.apply(reindex(3, [])), Applied::Done);
    assert_eq!(f.apply(finish("t", true)), Applied::Done);
    assert_eq!(values(&f, &key), Some((1, "values 1".into())));
}

#[test]
fn the_current_version_gets_values_and_nothing_else_changes() {
    let mut f = Fixture::new();
    let (a, gone) = (own("a"), own("gone"));
    f.apply(write([put(a, 0), put(gone, 0)]));
    f.apply(write([put(a, 1), delete(gone, 1)]));
    let before = (f.history(), f.partition.get(TENANT, &a).unwrap());
    let rows = [(a, 1, "of an old version"), (gone, 2, "of nothing"), (own("never"), 1, "of nothing")];
    let (applied, changes) = f.apply_with_changes(reindex(3, rows));
    assert_eq!((applied, changes.len()), (Applied::Done, 0));
    let (applied, changes) = f.apply_with_changes(reindex(3, [(a, 2, "new")]));
    assert_eq!(applied, Applied::Done);
    assert_eq!((changes.len(), changes[0].version), (1, 2));
    assert_eq!(changes[0].kind, ChangeKind::Reindex { index_values: "new".into() });
    assert_eq!(values(&f, &a), Some((2, "new".into())));
    assert_eq!((f.history(), f.partition.get(TENANT, &a).unwrap()), before);
    // What an index that is behind replays is the values of now, and the fence is there after a restart.
    f.partition.flush().unwrap();
    f.disk.crash();
    f.reopen();
    let changes: Vec<_> = f.partition.feed(0).unwrap().map(|change| change.unwrap().1).collect();
    let of_a: Vec<_> =
        changes.into_iter().filter(|change| change.key == a).map(|change| change.kind).collect();
    let new = || "new".into();
    assert_eq!(of_a, [ChangeKind::Put { index_values: new() }, ChangeKind::Reindex { index_values: new() }]);
    assert_eq!(f.apply(write([put(a, 2)])), REFUSED);
}

#[test]
fn locked_rows_get_values_too_and_what_locks_them_is_finished() {
    let f = Fixture::new();
    let a = own("a");
    f.apply(write([put(a, 0)]));
    f.apply(prepare("t", [put(a, 1)]));
    assert_eq!(f.apply(reindex(3, [(a, 1, "new")])), Applied::Done);
    assert_eq!(values(&f, &a), Some((1, "new".into())));
    assert_eq!(f.apply(finish("t", true)), Applied::Done);
    assert_eq!(values(&f, &a), Some((2, "values 2".into())));
    // Away with what is left of it in the feed.
    f.apply(write([evict(a, 2)]));
    let kinds: Vec<_> = f.partition.feed(0).unwrap().map(|change| change.unwrap().1.kind).collect();
    assert_eq!(kinds, [ChangeKind::Evict]);
}

#[test]
fn rows_are_scanned_from_any_one_on() {
    let f = Fixture::new();
    let keys = [own("a"), own("ab"), observation("x", "b"), observation("x", "c")];
    f.apply(write(keys.map(|key| put(key, 0))));
    let scan = |after: Option<&ResourceKey>| -> Vec<ResourceKey> {
        f.partition.scan_index(TENANT, after).unwrap().map(|row| row.unwrap().key).collect()
    };
    let all = scan(None);
    assert_eq!(all.len(), keys.len());
    for (place, key) in all.iter().enumerate() {
        assert_eq!(scan(Some(key)), all[place + 1..]);
    }
}
