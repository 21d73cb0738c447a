//! Reserve, release, and writes that rest on what is reserved.

use super::fixture::*;
use crate::apply::time::STEP_MAX_MS;
use crate::{Applied, Token};
use bytes::Bytes;
use proto::id::PartitionId;
use proto::log::v1::{self as log, command::Kind};

fn held(expires_ms: u64, holder: impl Into<Bytes>) -> Applied {
    Applied::ReservationHeld { expires_ms, holder: holder.into() }
}

fn lost() -> Applied {
    Applied::ReservationLost { criteria: "c".into() }
}

#[test]
fn a_reservation_is_held_released_or_expires() {
    let mut f = Fixture::new();
    assert_eq!(f.apply(reserve("c", "a", 2_000)), Applied::Done);
    assert_eq!(f.apply(reserve("c", "b", 2_000)), held(2_000, "a"));
    assert_eq!(f.apply(reserve("c", "a", 3_000)), Applied::Done);
    assert_eq!(f.apply(release("c", "b")), Applied::Done);
    assert_eq!(f.apply(reserve("c", "b", 4_000)), held(3_000, "a"));
    assert_eq!(f.apply(giving_back("c", "a")), Applied::Done);
    assert_eq!(f.apply(reserve("c", "b", 4_000)), Applied::Done);
    f.time_ms = 4_000;
    assert_eq!(f.apply(reserve("c", "a", 9_000)), Applied::Done);
}

/// A holder that was stopped for so long that another took over writes nothing, wherever its write goes.
#[test]
fn a_holder_that_was_overtaken_writes_nothing() {
    let mut f = Fixture::new();
    let key = observation("x", "o");
    let create = |holder| {
        let Kind::Write(mut write) = giving_back("c", holder) else { unreachable!() };
        write.mutations.push(put(key, 0));
        Kind::Write(write)
    };
    f.apply(reserve("c", "paused", 2_000));
    f.time_ms = 2_000;
    assert_eq!(f.apply(reserve("c", "other", 3_000)), Applied::Done);
    assert_eq!(f.apply(create("paused")), lost());
    assert_eq!(f.apply(prepare_held("t", "c", "paused")), lost());
    assert_eq!(f.apply(decide("u", true, Some(create("paused")))), lost());
    assert_eq!(f.partition.get(TENANT, &key).unwrap(), None);
    assert_eq!(f.apply(create("other")), Applied::Done);
    assert_eq!(f.apply(create("other")), lost(), "it was given back");
}

/// Nobody decided on the criteria meanwhile, so the late holder may.
#[test]
fn what_is_over_by_time_but_not_taken_still_counts() {
    let mut f = Fixture::new();
    f.apply(reserve("c", "a", 2_000));
    f.time_ms = 2_500;
    assert_eq!(f.apply(giving_back("c", "a")), Applied::Done);
}

#[test]
fn what_a_transaction_rests_on_is_nobody_elses_until_it_ends() {
    for commit in [true, false] {
        let mut f = Fixture::new();
        f.apply(reserve("c", "a", 2_000));
        assert_eq!(f.apply(prepare_held("t", "c", "a")), Applied::Done);
        f.partition.flush().unwrap();
        f.disk.crash();
        f.reopen();
        f.time_ms = 90_000;
        f.pass(32);
        let locked = Applied::Locked { transaction: "t".into(), coordinator: PartitionId(9) };
        assert_eq!(f.apply(reserve("c", "b", 99_000)), locked);
        assert_eq!(f.apply(giving_back("c", "a")), locked);
        assert_eq!(f.apply(finish("t", commit)), Applied::Done);
        assert_eq!(f.apply(reserve("c", "b", 99_000)), Applied::Done);
    }
}

#[test]
fn a_committed_transaction_gives_back_what_it_rested_on() {
    let f = Fixture::new();
    f.apply(reserve("c", "a", 90_000));
    f.apply(prepare_held("t", "c", "a"));
    f.apply(finish("t", false));
    assert_eq!(f.apply(reserve("c", "b", 90_000)), held(90_000, "a"), "an abort leaves it to its holder");
    f.apply(prepare_held("u", "c", "a"));
    f.apply(finish("u", true));
    assert_eq!(f.apply(reserve("c", "b", 90_000)), Applied::Done);
}

#[test]
fn what_an_earlier_life_of_the_node_held_is_taken_over() {
    let f = Fixture::new();
    let by = |node, incarnation, number| {
        let holder = Token { node, incarnation, number }.to_bytes().to_vec().into();
        Kind::Reserve(log::Reserve { criteria: "c".into(), holder, expires_ms: 9_000 })
    };
    let first = Token { node: 1, incarnation: 10, number: 1 }.to_bytes().to_vec();
    assert_eq!(f.apply(by(1, 10, 1)), Applied::Done);
    assert_eq!(f.apply(by(1, 10, 2)), held(9_000, first.clone()));
    assert_eq!(f.apply(by(2, 11, 1)), held(9_000, first));
    assert_eq!(f.apply(by(1, 11, 1)), Applied::Done);
}

/// After silence the partition's time lags: a hold then ends early, which costs its holder another try, and never late,
/// which would cost everybody.
#[test]
fn a_hold_is_counted_in_the_partitions_time() {
    let mut f = Fixture::new();
    f.pass(1);
    f.time_ms += 100 * STEP_MAX_MS;
    f.apply(reserve("c", "a", f.time_ms + 1_000));
    assert_eq!(f.apply(reserve("c", "b", f.time_ms + 1_000)), Applied::Done);
    assert_eq!(f.apply(giving_back("c", "a")), lost());
}
