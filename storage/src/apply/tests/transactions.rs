//! Prepare, decide, finish.

use super::fixture::*;
use crate::{Applied, Lock};
use proto::id::{PartitionId, Slot};

fn locked() -> Applied {
    Applied::Locked { transaction: "t".into(), coordinator: PartitionId(9) }
}

#[test]
fn a_prepared_transaction_locks_until_it_is_finished() {
    for commit in [true, false] {
        let f = Fixture::new();
        let key = observation("x", "o");
        let (applied, changes) =
            f.apply_with_changes(prepare("t", [put(key, 0), locate("o", Some("x"), None)]));
        assert_eq!((applied, changes.len()), (Applied::Done, 0));
        assert!(f.partition.has_prepared());
        assert_eq!(f.partition.get(TENANT, &key).unwrap(), None);
        let lock = Lock { transaction: "t".into(), coordinator: PartitionId(9) };
        assert_eq!(f.partition.lock_of(TENANT, &key), Some(lock.clone()));
        assert_eq!(f.partition.lock_of_location(TENANT, Slot(7), OBSERVATION, &id("o")), Some(lock));
        assert_eq!(f.apply(write([put(key, 0)])), locked());
        assert_eq!(f.apply(write([locate("o", Some("y"), None)])), locked());
        assert_eq!(f.apply(prepare("u", [put(key, 0)])), locked());
        assert_eq!(f.apply(prepare("t", [put(key, 0)])), Applied::Done);
        let (applied, changes) = f.apply_with_changes(finish("t", commit));
        assert_eq!((applied, changes.len()), (Applied::Done, usize::from(commit)));
        assert!(!f.partition.has_prepared() && f.partition.prepared().unwrap().is_empty());
        assert_eq!(f.partition.get(TENANT, &key).unwrap().is_some(), commit);
        assert_eq!(f.apply(finish("t", commit)), Applied::Done);
        assert_eq!(f.apply(write([put(key, u64::from(commit))])), Applied::Done);
    }
}

#[test]
fn a_prepare_that_cannot_succeed_leaves_nothing() {
    let f = Fixture::new();
    let (a, b) = (observation("x", "a"), observation("x", "b"));
    assert_eq!(f.apply(prepare("t", [put(a, 0), put(b, 2)])), Applied::Conflict { key: b, current: 0 });
    assert!(!f.partition.has_prepared());
    assert_eq!(f.apply(write([put(a, 0)])), Applied::Done);
}

#[test]
fn locks_survive_a_restart() {
    let mut f = Fixture::new();
    let key = observation("x", "o");
    f.apply(prepare("t", [put(key, 0)]));
    f.partition.flush().unwrap();
    f.disk.crash();
    f.reopen();
    assert!(f.partition.has_prepared());
    let prepared = f.partition.prepared().unwrap();
    assert_eq!((prepared[0].coordinator, prepared[0].deadline_ms), (PartitionId(9), 5_000));
    assert_eq!(f.apply(write([put(key, 0)])), locked());
    f.apply(finish("t", true));
    assert_eq!(f.partition.lock_of(TENANT, &key), None);
}

#[test]
fn the_first_decision_stands() {
    let f = Fixture::new();
    let key = observation("x", "o");
    let decided = |commit| Applied::Decided { commit };
    assert_eq!(f.partition.decision(TENANT, b"t").unwrap(), None);
    assert_eq!(f.apply(decide("t", true, Some(write([put(key, 0)])))), decided(true));
    assert_eq!(f.apply(decide("t", false, None)), decided(true));
    assert_eq!(f.apply(decide("t", true, Some(write([put(key, 1)])))), decided(true));
    assert_eq!(f.partition.decision(TENANT, b"t").unwrap(), Some(true));
    assert_eq!(f.partition.participants(TENANT, b"t").unwrap(), [PartitionId(2), PartitionId(3)]);
    assert_eq!(f.partition.get(TENANT, &key).unwrap().unwrap().version, 1);
    assert_eq!(f.apply(decide("u", false, Some(write([put(key, 1)])))), decided(false));
    assert_eq!(f.apply(decide("u", true, Some(write([put(key, 1)])))), decided(false));
    assert_eq!(f.partition.get(TENANT, &key).unwrap().unwrap().version, 1);
}

#[test]
fn a_commit_whose_own_part_is_refused_is_an_abort() {
    let f = Fixture::new();
    let (a, b) = (observation("x", "a"), observation("x", "b"));
    f.apply(prepare("t", [put(b, 0)]));
    for (transaction, own) in [("u", write([put(a, 0), put(a, 5)])), ("v", write([put(a, 0), put(b, 0)]))] {
        assert_eq!(f.apply(decide(transaction, true, Some(own))), Applied::Decided { commit: false });
        assert_eq!(f.partition.decision(TENANT, transaction.as_bytes()).unwrap(), Some(false));
    }
    assert_eq!(f.partition.get(TENANT, &a).unwrap(), None);
}

#[test]
fn a_repeated_transaction_gets_the_first_answer_and_lets_go() {
    let f = Fixture::new();
    let own = || with_dedup(write([put(observation("x", "o"), 0)]), "k", 9_000, "first");
    assert_eq!(f.apply(decide("t", true, Some(own()))), Applied::Decided { commit: true });
    assert_eq!(f.apply(decide("u", true, Some(own()))), Applied::Duplicate { response: "first".into() });
    assert_eq!(f.partition.decision(TENANT, b"u").unwrap(), Some(false));
}
