//! What the engine does when the world fails: no disk, a process killed while it seals, a full tail.

mod support;

use futures::FutureExt;
use proto::id::PartitionId;
use search::{Engine, Options};
use std::time::{Duration, Instant};
use storage::Change;
use support::*;

const P: PartitionId = PartitionId(1);

fn person(i: usize, version: u64) -> Change {
    let id = format!("r{i}");
    put("Patient", &id, version, &format!(r#"{{"resourceType":"Patient","id":"{id}","active":true}}"#))
}

fn count(engine: &Engine) -> u64 {
    let query = query("Patient?active=true&_summary=count").expect("a query");
    engine.search(&query, None).expect("a count").total.expect("a total")
}

/// Seals at every eighth entry, at once; tries again at once.
fn eager() -> Options {
    Options {
        shards: 1,
        seal_docs: 8,
        seal_after: Duration::from_millis(1),
        tail_docs_max: 256,
        retry_after: Duration::from_millis(1),
        ..options(8)
    }
}

/// Waits for something that must happen.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_seal_that_fails_is_seen_bounded_and_gets_over() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &eager()).unwrap();
    engine.blocking_publish(P, 1, &[person(0, 1)]);
    until("the first seal", || engine.fill() == 0.0);

    // The folder is gone: whatever the sealer opens in it fails, as on a full disk.
    let (shard, away) = (dir.path().join("shard-0"), dir.path().join("away"));
    std::fs::rename(&shard, &away).unwrap();
    engine.blocking_publish(P, 2, &[person(1, 1)]);
    until("a failure is reported", || engine.failure().is_some());
    // Searches go on, with all that was written.
    assert_eq!(count(&engine), 2);

    // One run is being sealed; a second one fills up to the bound, and the writer after that waits.
    const WRITES: u64 = 400;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            (3..WRITES + 1).for_each(|i| engine.blocking_publish(P, i, &[person(i as usize - 1, 1)]));
        });
        until("the tail is full", || engine.fill() >= 1.0);
        assert!(!writer.is_finished());
        assert!(engine.failure().is_some());
        assert!((256..WRITES).contains(&count(&engine)), "{}", count(&engine));
        std::fs::rename(&away, &shard).unwrap();
        until("room again", || writer.is_finished());
    });
    assert_eq!(count(&engine), WRITES);
    until("all is sealed", || engine.fill() == 0.0 && engine.failure().is_none());
    engine.close();
    let (engine, recovered) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!((recovered.index_of(P), recovered.rebuilt.len()), (WRITES, 0));
    assert_eq!(count(&engine), WRITES);
}

#[test]
fn closing_ends_while_seals_fail() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &eager()).unwrap();
    std::fs::rename(dir.path().join("shard-0"), dir.path().join("away")).unwrap();
    engine.blocking_publish(P, 1, &[person(0, 1)]);
    until("a failure is reported", || engine.failure().is_some());
    engine.close();
    std::fs::rename(dir.path().join("away"), dir.path().join("shard-0")).unwrap();
    let (engine, recovered) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!((recovered.index_of(P), count(&engine)), (0, 0));
    engine.blocking_replay(P, &[person(0, 1)]);
    engine.blocking_publish(P, 1, &[]);
    assert_eq!(count(&engine), 1);
}

/// The folder as it is found after a kill at any moment of sealing and merging, and worse: its files are of slightly
/// different moments.
#[test]
fn a_kill_while_sealing_loses_nothing() {
    const ROWS: usize = 40;
    const WRITES: u64 = 600;
    let dir = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(&dir.path().join("live"), &eager()).unwrap();
    let write = |i: u64| person(i as usize % ROWS, i / ROWS as u64 + 1);
    for i in 0..WRITES {
        engine.blocking_publish(P, i + 1, &[write(i)]);
        if i % 37 == 0 {
            copy(&dir.path().join("live"), &copies.path().join(i.to_string()));
        }
    }
    for entry in std::fs::read_dir(copies.path()).unwrap() {
        let path = entry.unwrap().path();
        let (engine, recovered) = Engine::open(&path, &eager()).unwrap();
        let from = recovered.index_of(P);
        assert!(from <= WRITES, "{from}");
        let rest: Vec<Change> = (from..WRITES).map(write).collect();
        engine.blocking_replay(P, &rest);
        engine.blocking_publish(P, WRITES, &[]);
        assert_eq!(count(&engine), ROWS as u64, "{}: {recovered:?}", path.display());
        let newest = found(&engine, &query("Patient?active=true&_total=accurate&_count=7").unwrap());
        assert_eq!(newest.len(), ROWS);
    }
}

#[test]
fn a_full_tail_holds_no_thread_of_a_runtime() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &eager()).unwrap();
    let (shard, away) = (dir.path().join("shard-0"), dir.path().join("away"));
    std::fs::rename(&shard, &away).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let engine = std::sync::Arc::new(engine);
    let publisher = engine.clone();
    const WRITES: u64 = 600;
    let publishing = runtime.spawn(async move {
        for i in 1..=WRITES {
            publisher.publish(P, i, &[person(i as usize - 1, 1)]).await;
        }
    });
    until("the tail is full", || engine.fill() >= 1.0);
    // The one worker is free: another task runs, and searches see what waits.
    let searching = engine.clone();
    let counted = runtime.block_on(runtime.spawn(async move { count(&searching) })).unwrap();
    assert!(!publishing.is_finished() && counted < WRITES, "{counted}");
    std::fs::rename(&away, &shard).unwrap();
    runtime.block_on(publishing).unwrap();
    assert_eq!(count(&engine), WRITES);
}

/// A run is sealed while a long slice of the log is added to it, and the process ends. The log is replayed in other slices:
/// what the segments hold beyond their applied index comes again, and is there once.
#[test]
fn what_was_sealed_out_of_half_a_slice_is_there_once_after_the_log_is_replayed() {
    const WRITES: usize = 384;
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<Change> = (0..WRITES).map(|i| person(i, 1)).collect();
    let never = Options { seal_docs: 4096, seal_after: Duration::from_secs(3600), ..eager() };
    let (engine, _) = Engine::open(dir.path(), &never).unwrap();
    // Taken in up to the tail's bound; the rest waits for room when the process ends.
    assert_eq!(engine.publish(P, WRITES as u64, &all).now_or_never(), None);
    engine.close();

    let (engine, recovered) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!(recovered.index_of(P), 0);
    assert_eq!(count(&engine), 256);
    for (slice, changes) in all.chunks(50).enumerate() {
        engine.blocking_publish(P, (slice * 50 + changes.len()) as u64, changes);
    }
    assert_eq!(count(&engine), WRITES as u64);
    engine.close();
    let (engine, recovered) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!((recovered.index_of(P), count(&engine)), (WRITES as u64, WRITES as u64));

    // The tables lost more than the segments: the log is replayed from before their end, in slices that go beyond it.
    engine.blocking_publish(P, 100, &[]);
    let more: Vec<Change> = (100..WRITES + 50).map(|i| person(i, 1)).collect();
    engine.blocking_publish(P, (WRITES + 50) as u64, &more);
    assert_eq!(count(&engine), WRITES as u64 + 50);
    engine.close();
    let (engine, _) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!(count(&engine), WRITES as u64 + 50);
}
