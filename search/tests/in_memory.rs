//! What only the engine without an index does: it grows, never waits, starts empty, and is the same at each run.

mod support;

use futures::FutureExt;
use proto::id::PartitionId;
use search::{Engine, Options, Recovered};
use storage::Change;
use support::*;

const P: PartitionId = PartitionId(1);
const URL: &str = "Patient?active=true&_total=accurate&_count=100";

fn person(i: usize, version: u64) -> Change {
    let id = format!("r{i}");
    put("Patient", &id, version, &format!(r#"{{"resourceType":"Patient","id":"{id}","active":true}}"#))
}

/// Many times what its first run has room for, some written again: each once, in its last state, and no publish waits.
#[test]
fn it_grows_and_never_waits() {
    const ROWS: usize = 5000;
    let (engine, recovered) = Engine::in_memory(&Options { tail_docs_max: 64, ..options(8) }, b"key");
    assert_eq!(recovered, Recovered::default());
    for i in 0..ROWS {
        let published =
            engine.publish(P, i as u64 + 1, &[person(i % 4000, 1 + i as u64 / 4000)]).now_or_never();
        assert!(published.is_some() && engine.fill() == 0.0 && engine.failure().is_none());
    }
    let query = query(URL).expect("a query");
    assert_eq!(found(&engine, &query).len(), 4000);
    let slice: Vec<Change> = (4000..12_000).map(|i| person(i, 1)).collect();
    assert!(engine.publish(P, ROWS as u64 + 1, &slice).now_or_never().is_some());
    assert_eq!(found(&engine, &query).len(), 12_000);
    let deleted: Vec<Change> = (0..12_000).map(|i| delete("Patient", &format!("r{i}"), 9)).collect();
    engine.blocking_publish(P, ROWS as u64 + 2, &deleted);
    assert_eq!(found(&engine, &query).len(), 0);
}

/// A publish that was given up before it was polled did nothing.
#[test]
fn after_a_crash_the_feed_is_all_it_needs() {
    let before = in_memory();
    let mut feed: Vec<Change> = (0..50).map(|i| person(i, 1)).collect();
    before.blocking_publish(P, 1, &feed);
    let again: Vec<Change> = (0..20).map(|i| person(i, 2)).collect();
    before.blocking_publish(P, 2, &again);
    feed[..20].clone_from_slice(&again);
    drop(before.publish(P, 3, &[person(50, 1)]));

    // The feed has each row once, in its last state.
    let after = in_memory();
    for slice in feed.chunks(7) {
        after.blocking_replay(P, slice);
    }
    after.blocking_publish(P, 2, &[]);
    let query = query(URL).expect("a query");
    assert_same_pages(&before, &after, &query);
    after.blocking_publish(P, 2, &[person(60, 1)]);
    assert_eq!(found(&after, &query).len(), 50, "what was seen before is ignored");
    after.blocking_publish(P, 3, &[person(60, 1)]);
    assert_eq!(found(&after, &query).len(), 51);
}

#[test]
fn cursors_are_of_the_key_that_was_given() {
    let pages = |key: &[u8]| {
        let engine = Engine::in_memory(&options(8), key).0;
        engine.blocking_publish(P, 1, &[person(1, 1), person(2, 1)]);
        engine.search(&query("Patient?_count=1").expect("a query"), None).expect("a page")
    };
    assert_eq!(pages(b"one"), pages(b"one"));
    assert_ne!(pages(b"one").next, pages(b"two").next);
}
