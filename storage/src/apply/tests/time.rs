//! Clocks that lie.

use super::fixture::*;
use crate::apply::time::STEP_MAX_MS;
use crate::{Applied, Error};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// One command from a clock that is a month ahead: what was promised to be kept stays.
#[test]
fn one_clock_a_month_ahead_deletes_nothing() {
    let mut f = Fixture::new();
    f.time_ms = 1_700_000_000_000;
    let answer = || with_dedup(write([]), "k", 1_700_000_000_000 + DAY_MS, "first");
    f.apply(answer());
    f.apply(decide("aborted", false, None));
    let now_ms = f.time_ms;
    f.time_ms += 31 * DAY_MS;
    f.pass(1);
    assert_eq!(f.partition.applied().time_ms, now_ms + STEP_MAX_MS);
    f.time_ms = now_ms + 1_000;
    f.pass(32);
    assert_eq!(f.apply(answer()), Applied::Duplicate { response: "first".into() });
    assert_eq!(f.partition.decision(TENANT, b"aborted").unwrap(), Some(false));
    assert_eq!(f.apply(decide("aborted", true, None)), Applied::Decided { commit: false });
}

/// A clock that is behind does not make what it writes expire at once.
#[test]
fn an_answer_from_a_clock_that_is_behind_is_kept_as_long() {
    let mut f = Fixture::new();
    f.time_ms = 1_700_000_000_000;
    f.pass(1);
    let now_ms = f.time_ms;
    f.time_ms -= 2 * DAY_MS;
    let expires_ms = f.time_ms + DAY_MS;
    f.apply(with_dedup(write([]), "k", expires_ms, "first"));
    f.time_ms = now_ms + DAY_MS / 2;
    for _ in 0..13 {
        f.pass(1);
    }
    assert_eq!(f.apply(with_dedup(write([]), "k", 0, "")), Applied::Duplicate { response: "first".into() });
}

#[test]
fn a_partition_catches_up_after_silence_and_keeps_its_time_over_a_crash() {
    let mut f = Fixture::new();
    f.time_ms = 1_700_000_000_000;
    f.pass(1);
    f.time_ms += 7 * DAY_MS;
    f.pass(7 * 24);
    assert_eq!(f.partition.applied().time_ms, f.time_ms);
    f.partition.flush().unwrap();
    f.disk.crash();
    f.reopen();
    assert_eq!(f.partition.applied().time_ms, f.time_ms);
}

#[test]
fn commands_that_nobody_should_have_sent_have_no_time() {
    let mut f = Fixture::new();
    f.pass(1);
    let before = f.partition.applied().time_ms;
    f.time_ms += 5;
    let bad = with_dedup(write([]), "", 9, "");
    let command = proto::log::v1::Command { time_ms: 1, tenant: 1, kind: Some(bad.clone()) };
    assert!(matches!(crate::check(&command), Err(Error::Malformed(_))));
    assert!(matches!(f.apply(bad), Applied::Rejected { .. }));
    assert!(f.partition.applied().time_ms >= before);
}
