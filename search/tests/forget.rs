//! A partition that is forgotten, and built again from its rows, as after these were replaced.

mod support;

use futures::{FutureExt, executor::block_on};
use proto::id::{PartitionId, TenantId};
use search::{Engine, Options};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use storage::Change;
use support::*;

/// The one that is forgotten; with two shards [`BESIDE`] is in the same one, [`ELSEWHERE`] in another.
const P: PartitionId = PartitionId(1);
const BESIDE: PartitionId = PartitionId(3);
const ELSEWHERE: PartitionId = PartitionId(2);
const URL: &str = "Patient?active=true&_total=accurate&_count=7";

fn person(id: &str, version: u64) -> Change {
    put("Patient", id, version, &format!(r#"{{"resourceType":"Patient","id":"{id}","active":true}}"#))
}

fn people(prefix: &str, version: u64) -> Vec<Change> {
    (0..10).map(|i| person(&format!("{prefix}{i}"), version)).collect()
}

fn assert_found(engine: &Engine, rows: &[&[Change]]) {
    let query = query(URL).expect("a query");
    assert_eq!(found(engine, &query), expected(&rows.concat(), &query));
}

/// As the node does it at the start and after rows were replaced.
fn build_again(engine: &Engine, rows: &[Change], index: u64) {
    rows.chunks(3).for_each(|slice| engine.blocking_replay(P, slice));
    engine.blocking_publish(P, index, &[]);
}

/// Seals at every eighth entry, at once; tries again at once.
fn eager() -> Options {
    Options {
        seal_docs: 8,
        seal_after: Duration::from_millis(1),
        tail_docs_max: 256,
        retry_after: Duration::from_millis(1),
        ..options(8)
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn nothing_of_it_is_found_and_all_of_the_others() {
    let (dir, [engine, memory]) = both();
    let (old, beside, elsewhere) = (people("old", 1), people("beside", 1), people("elsewhere", 1));
    let publish = |engine: &Engine, rows: std::ops::Range<usize>, index| {
        engine.blocking_publish(P, index, &old[rows.clone()]);
        engine.blocking_publish(BESIDE, index, &beside[rows.clone()]);
        engine.blocking_publish(ELSEWHERE, index, &elsewhere[rows]);
    };
    publish(&engine, 0..5, 1);
    engine.close();
    // Half in segments, half in the tail.
    let engine = Engine::open(dir.path(), &options(4096)).unwrap().0;
    publish(&engine, 5..10, 2);
    publish(&memory, 0..5, 1);
    publish(&memory, 5..10, 2);

    // Rows of before, rows that are new, and one that is gone.
    let new = [&people("old", 3)[1..], &people("new", 1)].concat();
    for engine in [&engine, &memory] {
        assert_found(engine, &[&old, &beside, &elsewhere]);
        engine.blocking_forget(P);
        assert_found(engine, &[&beside, &elsewhere]);
        build_again(engine, &new, 2);
        assert_found(engine, &[&new, &beside, &elsewhere]);
        engine.blocking_publish(P, 2, &people("seen", 1));
        assert_found(engine, &[&new, &beside, &elsewhere]);
        engine.blocking_publish(P, 3, &people("new", 2));
        assert_found(engine, &[&new, &beside, &elsewhere]);
    }
    assert_same_pages(&engine, &memory, &query(URL).unwrap());
    engine.close();
    let (engine, recovered) = Engine::open(dir.path(), &options(4096)).unwrap();
    let index_of = |partition| recovered.index_of(partition);
    assert_eq!((index_of(P), index_of(BESIDE), index_of(ELSEWHERE)), (3, 2, 2));
    assert_found(&engine, &[&new, &beside, &elsewhere]);
}

#[test]
fn the_next_start_recovers_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (old, beside) = (people("old", 1), people("beside", 1));
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    engine.blocking_publish(P, 7, &old);
    engine.blocking_publish(BESIDE, 4, &beside);
    engine.blocking_forget(P);
    engine.close();
    let (engine, recovered) = Engine::open(dir.path(), &options(4096)).unwrap();
    assert_eq!((recovered.index_of(P), recovered.index_of(BESIDE)), (0, 4));
    assert_found(&engine, &[&beside]);
    build_again(&engine, &old, 7);
    assert_found(&engine, &[&old, &beside]);
}

/// A forget happens where it was asked for, whoever waits for it.
#[test]
fn what_comes_after_is_kept_though_nobody_waited() {
    let (_dir, engines) = both();
    for engine in engines {
        engine.blocking_publish(P, 1, &people("old", 1));
        let _ = engine.forget(P).now_or_never();
        engine.blocking_publish(P, 1, &people("between", 1));
        let _ = engine.forget(P).now_or_never();
        let new = people("new", 1);
        engine.blocking_publish(P, 1, &new);
        until("all is forgotten", || found(&engine, &query(URL).unwrap()).len() == new.len());
        assert_found(&engine, &[&new]);
    }
}

#[test]
fn it_waits_while_seals_fail() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &Options { shards: 1, ..eager() }).unwrap();
    let (old, beside) = (people("old", 1), people("beside", 1));
    engine.blocking_publish(P, 1, &old);
    until("the first seal", || engine.fill() == 0.0);
    let (shard, away) = (dir.path().join("shard-0"), dir.path().join("away"));
    std::fs::rename(&shard, &away).unwrap();
    engine.blocking_publish(BESIDE, 1, &beside);
    until("a failure is reported", || engine.failure().is_some());
    std::thread::scope(|scope| {
        let forgetting = scope.spawn(|| engine.blocking_forget(P));
        assert!(!forgetting.is_finished() && engine.failure().is_some());
        std::fs::rename(&away, &shard).unwrap();
        forgetting.join().unwrap();
    });
    assert_found(&engine, &[&beside]);
}

/// One partition is built again and again; others are published to, sealed, merged and searched meanwhile.
#[test]
fn others_do_not_feel_it() {
    const SLICES: u64 = 300;
    let dir = tempfile::tempdir().unwrap();
    for engine in [Engine::open(dir.path(), &eager()).unwrap().0, in_memory()] {
        let (rows, done) = (people("p", 1), AtomicBool::new(false));
        let count = |url: &str| found(&engine, &query(url).unwrap()).len();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for index in 1..=SLICES {
                    let id = format!("{index}");
                    engine.blocking_publish(BESIDE, index, &[person(&format!("beside{id}"), 1)]);
                    engine.blocking_publish(ELSEWHERE, index, &[person(&format!("elsewhere{id}"), 1)]);
                }
                done.store(true, Ordering::Release);
            });
            let mut index = 0;
            loop {
                let last = done.load(Ordering::Acquire);
                index += 1;
                engine.blocking_forget(P);
                let others = count("Patient?_count=1000");
                build_again(&engine, &rows, index);
                assert!(count("Patient?_count=1000") >= others + rows.len());
                if last {
                    break;
                }
            }
        });
        assert_eq!(count("Patient?_total=accurate&_count=1000"), 2 * SLICES as usize + rows.len());
        engine.close();
    }
    let (engine, recovered) = Engine::open(dir.path(), &eager()).unwrap();
    assert_eq!((recovered.index_of(BESIDE), recovered.index_of(ELSEWHERE)), (SLICES, SLICES));
    let all = query("Patient?_total=accurate&_count=1000").unwrap();
    assert_eq!(found(&engine, &all).len(), 2 * SLICES as usize + 10);
}

/// The folder as it is found after a kill at any moment. The rows were replaced by then: what a start replays after the index
/// it recovers makes the old state new.
#[test]
fn a_kill_meanwhile_shows_no_old_state() {
    const OLD: u64 = 20;
    const NEW: u64 = 60;
    let dir = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let (live, eager) = (dir.path().join("live"), Options { shards: 1, ..eager() });
    let (engine, _) = Engine::open(&live, &eager).unwrap();
    // Each entry of the log writes one of some rows, later ones one of fewer; every seventh deletes it.
    let id = |index: u64| format!("r{}", index % if index <= OLD { 15 } else { 9 });
    let change = |index: u64| match index % 7 {
        0 => delete("Patient", &id(index), index),
        _ => person(&id(index), index),
    };
    // What `storage` gives of each row: its last change, unless that came before.
    let is_last = |index: &u64| !(index + 1..=NEW).any(|later| id(later) == id(*index));
    let feed = |after: u64| (after + 1..=NEW).filter(is_last).map(change).collect::<Vec<_>>();
    let mut taken = 0;
    let mut kill = || {
        copy(&live, &copies.path().join(taken.to_string()));
        taken += 1;
    };
    (1..=OLD).for_each(|index| engine.blocking_publish(P, index, &[change(index)]));
    std::thread::scope(|scope| {
        let forgetting = scope.spawn(|| engine.blocking_forget(P));
        while !forgetting.is_finished() {
            kill();
        }
    });
    kill();
    for slice in feed(0).chunks(4) {
        engine.blocking_replay(P, slice);
        kill();
    }
    engine.blocking_publish(P, NEW, &[]);
    (0..5).for_each(|_| kill());
    engine.close();
    kill();
    for entry in std::fs::read_dir(copies.path()).unwrap() {
        let path = entry.unwrap().path();
        let (engine, recovered) = Engine::open(&path, &eager).unwrap();
        let from = recovered.index_of(P);
        assert!(from <= OLD || from == NEW, "{from}");
        engine.blocking_replay(P, &feed(from));
        engine.blocking_publish(P, NEW, &[]);
        assert_found(&engine, &[&feed(0)]);
    }
}

/// What a tenant had goes, from the segments and the tail, and what another one has by the same ids stays.
#[test]
fn a_tenant_is_forgotten() {
    let (dir, [engine, memory]) = both();
    let own = people("p", 1);
    let others: Vec<Change> =
        own.iter().map(|change| Change { tenant: TenantId(7), ..change.clone() }).collect();
    for (number, engine) in [&engine, &memory].into_iter().enumerate() {
        engine.blocking_publish(P, 1, &[&own[..5], &others[..5]].concat());
        engine.blocking_publish(ELSEWHERE, 1, &[&own[5..], &others[5..]].concat());
        block_on(engine.forget_tenant(TenantId(8)));
        if number == 0 {
            assert_eq!(engine.tenants().unwrap(), [TENANT, TenantId(7)]);
        }
        block_on(engine.forget_tenant(TenantId(7)));
        assert_found(engine, &[&own]);
        assert!(found(engine, &query_of(TenantId(7), URL)).is_empty());
    }
    engine.close();
    let engine = Engine::open(dir.path(), &options(4096)).unwrap().0;
    assert!(found(&engine, &query_of(TenantId(7), URL)).is_empty());
    assert_found(&engine, &[&own]);
}
