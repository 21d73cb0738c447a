//! A resource that moves to another compartment: put at one partition, evicted at another, in either order, sealed or not.

mod support;

use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey};
use search::Engine;
use storage::{Change, ChangeKind};
use support::*;

const OBSERVATION: &str =
    r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"c"}]}}"#;

fn at(patient: &str, version: u64, kind: ChangeKind) -> Change {
    let id = |text: &str| ResourceId::parse(text).expect("an id");
    let compartment = CompartmentKey::of(TENANT, code("Patient"), id(patient));
    let key = ResourceKey { compartment, type_code: code("Observation"), id: id("o") };
    Change { tenant: TENANT, key, version, last_updated_ms: 1_700_000_000_000 + version, kind }
}

fn put_at(patient: &str, version: u64) -> Change {
    at(patient, version, ChangeKind::Put { index_values: values(OBSERVATION) })
}

/// The versions on the first page, and the total.
fn seen(engine: &Engine) -> (Vec<u64>, u64) {
    let query = query("Observation?code=c&_total=accurate").expect("a query");
    let page = engine.search(&query, None).expect("a page");
    (page.hits.iter().map(|hit| hit.version).collect(), page.total.expect("a total"))
}

/// In memory nothing is sealed: there it stays as it is.
fn reopen(engine: Engine, dir: &tempfile::TempDir) -> Engine {
    if !dir.path().join("LAYOUT").exists() {
        return engine;
    }
    engine.close();
    Engine::open(dir.path(), &options(4096)).expect("an engine").0
}

/// `(from, to)` partitions: in one shard, and in two.
fn moves(check: impl Fn(&tempfile::TempDir, Engine, PartitionId, PartitionId)) {
    for (from, to) in [(1, 3), (1, 2), (2, 1)] {
        let dir = tempfile::tempdir().expect("a folder");
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        check(&dir, engine, PartitionId(from), PartitionId(to));
        let nowhere = tempfile::tempdir().expect("a folder");
        check(&nowhere, in_memory(), PartitionId(from), PartitionId(to));
    }
}

#[test]
fn put_comes_before_evict() {
    for sealed in [false, true] {
        moves(|dir, mut engine, from, to| {
            engine.blocking_publish(from, 1, &[put_at("x", 1)]);
            if sealed {
                engine = reopen(engine, dir);
            }
            engine.blocking_publish(to, 1, &[put_at("y", 2)]);
            assert_eq!(seen(&engine), (vec![2], 1), "once while it moves, {from} to {to}");
            engine.blocking_publish(from, 2, &[at("x", 2, ChangeKind::Evict)]);
            assert_eq!(seen(&engine), (vec![2], 1));
            let engine = reopen(engine, dir);
            assert_eq!(seen(&engine), (vec![2], 1));
        });
    }
}

#[test]
fn evict_comes_before_put() {
    for sealed in [false, true] {
        moves(|dir, mut engine, from, to| {
            engine.blocking_publish(from, 1, &[put_at("x", 1)]);
            if sealed {
                engine = reopen(engine, dir);
            }
            engine.blocking_publish(from, 2, &[at("x", 2, ChangeKind::Evict)]);
            assert_eq!(seen(&engine), (vec![], 0));
            engine.blocking_publish(to, 1, &[put_at("y", 2)]);
            assert_eq!(seen(&engine), (vec![2], 1));
            let engine = reopen(engine, dir);
            assert_eq!(seen(&engine), (vec![2], 1));
        });
    }
}

#[test]
fn there_and_back() {
    moves(|dir, engine, from, to| {
        engine.blocking_publish(from, 1, &[put_at("x", 1)]);
        let engine = reopen(engine, dir);
        engine.blocking_publish(to, 1, &[put_at("y", 2)]);
        engine.blocking_publish(from, 2, &[at("x", 2, ChangeKind::Evict)]);
        engine.blocking_publish(from, 3, &[put_at("x", 3)]);
        assert_eq!(seen(&engine), (vec![3], 1));
        engine.blocking_publish(to, 2, &[at("y", 3, ChangeKind::Evict)]);
        assert_eq!(seen(&engine), (vec![3], 1));
        let engine = reopen(engine, dir);
        assert_eq!(seen(&engine), (vec![3], 1));
    });
}

#[test]
fn a_page_is_not_shorter_for_a_resource_seen_twice() {
    moves(|dir, engine, from, to| {
        engine.blocking_publish(from, 1, &[put_at("x", 1)]);
        engine.blocking_publish(to, 1, &[put_at("y", 2)]);
        let others: Vec<Change> =
            (0..5).map(|i| put("Observation", &format!("p{i}"), 1, OBSERVATION)).collect();
        engine.blocking_publish(from, 2, &others);
        // Sealed at both places: nothing in a tail tells that they are one, but a page still does.
        let engine = reopen(engine, dir);
        for count in 1..7 {
            assert_eq!(
                found(&engine, &query(&format!("Observation?code=c&_count={count}")).unwrap()).len(),
                6
            );
        }
    });
}
