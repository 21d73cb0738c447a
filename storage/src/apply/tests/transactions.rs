//! Prepare, decide, finish.

use super::fixture::*;
use crate::apply::time::STEP_MAX_MS;
use crate::table::{self, Table, decision};
use crate::{ABORT_RETENTION_MS, Applied, Lock};
use proto::id::{PartitionId, Slot};
use proto::log::v1::{self as log, command::Kind};

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
    let kept = f.partition.decisions(None, 9).unwrap();
    assert_eq!((&kept[0].transaction[..], kept[0].commit), (&b"t"[..], true));
    assert_eq!(kept[0].participants, [PartitionId(2), PartitionId(3)]);
    assert_eq!(f.partition.decisions(Some(&kept[0]), 9).unwrap(), []);
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
    let conflict = Applied::Conflict { key: a, current: 1 };
    let refused = [
        ("u", write([put(a, 0), put(a, 5)]), conflict),
        ("v", write([put(a, 0), put(b, 0)]), locked()),
        ("w", giving_back("c", "me"), Applied::ReservationLost { criteria: "c".into() }),
    ];
    for (transaction, own, why) in refused {
        assert_eq!(f.apply(decide(transaction, true, Some(own.clone()))), why);
        assert_eq!(f.partition.decision(TENANT, transaction.as_bytes()).unwrap(), Some(false));
        assert_eq!(f.apply(decide(transaction, true, Some(own))), Applied::Decided { commit: false });
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

/// Whoever is late with its Finish must find it, however long that takes.
#[test]
fn a_commit_is_kept_until_its_participants_have_finished() {
    let mut f = Fixture::new();
    f.apply(decide("t", true, None));
    f.apply(decide("u", false, None));
    for _ in 0..2 * ABORT_RETENTION_MS / STEP_MAX_MS {
        f.time_ms += STEP_MAX_MS;
        f.pass(1);
    }
    assert_eq!(f.partition.decision(TENANT, b"t").unwrap(), Some(true));
    assert_eq!(f.partition.decision(TENANT, b"u").unwrap(), None, "nobody needs an abort that old");
    f.apply(decide("v", false, None));
    let forget = log::Forget { transactions: vec!["t".into(), "v".into(), "never heard of".into()] };
    assert_eq!(f.apply(Kind::Forget(forget)), Applied::Done);
    assert_eq!(f.partition.decisions(None, 9).unwrap(), []);
}

/// Rows of before carry a date even where a participant may not have finished.
#[test]
fn an_old_row_with_a_date_is_kept_as_well() {
    let row = |commit| decision::Row { commit, expires_ms: 5_000, participants: vec![2] };
    let key = table::Decision::key(TENANT, b"t");
    assert_eq!(table::Expiry::of_row(&key, &table::Decision::encode(&row(true))).unwrap(), decision::NEVER);
    assert_eq!(table::Expiry::of_row(&key, &table::Decision::encode(&row(false))).unwrap(), 5_000);
}
