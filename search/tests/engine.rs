//! The engine over time: visibility, restart, damage, paging while others write.

mod support;

use proto::id::PartitionId;
use search::{Engine, Options};
use std::time::Duration;
use support::*;

fn person(id: &str, version: u64, family: &str) -> storage::Change {
    put(
        "Patient",
        id,
        version,
        &format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#),
    )
}

fn names(engine: &Engine, url: &str) -> usize {
    found(engine, &query(url).unwrap()).len()
}

#[test]
fn writes_are_seen_at_once_and_old_states_never() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    let p = PartitionId(1);
    engine.blocking_publish(p, 1, &[person("a", 1, "Old")]);
    assert_eq!(names(&engine, "Patient?family=old&_total=accurate"), 1);
    engine.blocking_publish(p, 2, &[person("a", 2, "New")]);
    assert_eq!((names(&engine, "Patient?family=old"), names(&engine, "Patient?family=new")), (0, 1));
    engine.close();

    let (engine, recovered) = Engine::open(dir.path(), &options(4096)).unwrap();
    assert_eq!((recovered.index_of(p), recovered.index_of(PartitionId(2))), (2, 0));
    assert_eq!(
        (names(&engine, "Patient?family=old"), names(&engine, "Patient?family=new&_total=accurate")),
        (0, 1)
    );
    // Seen before: ignored.
    engine.blocking_publish(p, 2, &[person("b", 1, "Again")]);
    assert_eq!(names(&engine, "Patient?family=again"), 0);
    engine.blocking_publish(p, 3, &[delete("Patient", "a", 3)]);
    assert_eq!(names(&engine, "Patient?family=new&_total=accurate"), 0);
    engine.close();
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    assert_eq!(names(&engine, "Patient?_total=accurate"), 0);
}

#[test]
fn a_damaged_shard_is_rebuilt_from_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let p = PartitionId(1);
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    engine.blocking_publish(p, 9, &[person("a", 1, "Some")]);
    engine.close();
    std::fs::write(dir.path().join("shard-1/meta.json"), b"{").unwrap();
    let (engine, recovered) = Engine::open(dir.path(), &options(4096)).unwrap();
    assert_eq!((recovered.rebuilt.len(), recovered.index_of(p)), (1, 0));
    assert_eq!(names(&engine, "Patient?family=some"), 0);
    engine.blocking_replay(p, &[person("a", 1, "Some")]);
    engine.blocking_publish(p, 9, &[]);
    assert_eq!(names(&engine, "Patient?family=some"), 1);
    engine.close();

    let other = Options { shards: 3, ..options(4096) };
    let (_, recovered) = Engine::open(dir.path(), &other).unwrap();
    assert_eq!((recovered.rebuilt.len(), recovered.applied.len()), (1, 0));
}

#[test]
fn a_page_cut_by_another_boot_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    engine.blocking_publish(PartitionId(2), 5, &[person("a", 1, "Some")]);
    engine.close();
    let layout = dir.path().join("LAYOUT");
    let text = std::fs::read_to_string(&layout).unwrap();
    let (head, _) = text.split_once("\nboot ").unwrap();
    std::fs::write(&layout, format!("{head}\nboot another\n")).unwrap();
    for entry in std::fs::read_dir(dir.path().join("shard-0")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "fast") {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[0] ^= 0xff;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let (_, recovered) = Engine::open(dir.path(), &options(4096)).unwrap();
    assert_eq!(
        (recovered.rebuilt.len(), recovered.index_of(PartitionId(2))),
        (1, 0),
        "{:?}",
        recovered.rebuilt
    );
}

#[test]
fn paging_loses_and_repeats_nothing_while_others_write_and_seal() {
    let dir = tempfile::tempdir().unwrap();
    let fast =
        Options { seal_docs: 64, seal_after: Duration::from_millis(1), tail_docs_max: 256, ..options(64) };
    for engine in [Engine::open(dir.path(), &fast).unwrap().0, in_memory()] {
        page_while_others_write(&engine);
    }
}

fn page_while_others_write(engine: &Engine) {
    const ROWS: usize = 600;
    let rows: Vec<_> = (0..ROWS).map(|i| person(&format!("r{i}"), 1, "Stay")).collect();
    engine.blocking_publish(PartitionId(1), 1, &rows[..ROWS / 2]);
    engine.blocking_publish(PartitionId(2), 1, &rows[ROWS / 2..]);
    std::thread::scope(|scope| {
        for p in [1, 2] {
            scope.spawn(move || {
                for round in 0..60_u64 {
                    let id = |i: usize| format!("r{}", i + if p == 1 { 0 } else { ROWS / 2 });
                    let at = round as usize * 5;
                    let changes: Vec<_> = (at..at + 5).map(|i| person(&id(i), round + 2, "Stay")).collect();
                    engine.blocking_publish(PartitionId(p), round + 2, &changes);
                }
            });
        }
        for _ in 0..10 {
            assert_eq!(names(engine, "Patient?family=stay&_count=37"), ROWS);
        }
    });
    assert_eq!(names(engine, "Patient?family=stay&_total=accurate&_count=100"), ROWS);
}

#[test]
fn a_cursor_is_bound_to_its_query() {
    let (_dir, engines) = both();
    engines.iter().for_each(check_cursors);
}

fn check_cursors(engine: &Engine) {
    let rows: Vec<_> = (0..5).map(|i| person(&format!("r{i}"), 1, "Stay")).collect();
    engine.blocking_publish(PartitionId(1), 1, &rows);
    let first = engine.search(&query("Patient?family=stay&_count=2").unwrap(), None).unwrap();
    let cursor = first.next.as_deref();
    assert_eq!(engine.search(&query("Patient?family=stay&_count=4").unwrap(), cursor).unwrap().hits.len(), 3);
    let error = engine.search(&query("Patient?family=other").unwrap(), cursor).unwrap_err();
    assert_eq!(proto::Error::from(error).code, proto::Code::BadParameter);
    let counted = engine.search(&query("Patient?_summary=count").unwrap(), None).unwrap();
    assert_eq!((counted.total, counted.hits.len(), counted.next), (Some(5), 0, None));
}

/// https://hl7.org/fhir/R4/search.html#token: a Coding that names no system is in no value set; an element of type boolean or
/// code has an implied one.
#[test]
fn only_values_with_an_implied_system_are_in_value_sets_without_one() {
    let dir = tempfile::tempdir().unwrap();
    let p = PartitionId(1);
    let observation = |id: &str, coding: &str| {
        let json = format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{coding}]}}}}"#
        );
        put("Observation", id, 1, &json)
    };
    let rows = [
        observation("with", r#"{"system":"http://s0","code":"c1"}"#),
        observation("without", r#"{"code":"c1"}"#),
        observation("other", r#"{"system":"http://s2","code":"c1"}"#),
        put("Patient", "active", 1, r#"{"resourceType":"Patient","id":"active","active":true}"#),
    ];
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    let memory = in_memory();
    engine.blocking_publish(p, 1, &rows);
    memory.blocking_publish(p, 1, &rows);
    let check = |engine: &Engine| {
        for (url, count) in [
            ("Observation?code:in=http://vs", 1),
            ("Observation?code:not-in=http://vs", 2),
            ("Observation?code:below=http://s1|c1", 0),
            ("Patient?active:in=http://flags", 1),
            ("Patient?active:not-in=http://flags", 0),
        ] {
            let query = query(url).unwrap();
            assert_eq!((found(engine, &query).len(), expected(&rows, &query).len()), (count, count), "{url}");
        }
    };
    check(&engine);
    check(&memory);
    engine.close();
    // Now from the index.
    check(&Engine::open(dir.path(), &options(4096)).unwrap().0);
}

/// Half of all documents are written again. No level has segments enough to be merged on their account.
#[test]
fn superseded_documents_do_not_stay_in_the_segments() {
    const ROWS: usize = 16_384;
    let dir = tempfile::tempdir().unwrap();
    let one = Options { shards: 1, ..options(4096) };
    let (engine, _) = Engine::open(dir.path(), &one).unwrap();
    let write = |from: u64, rows: Vec<usize>, version: u64| {
        for (slice, rows) in rows.chunks(1024).enumerate() {
            let changes: Vec<_> = rows.iter().map(|i| person(&format!("r{i}"), version, "Some")).collect();
            engine.blocking_publish(PartitionId(1), from + slice as u64, &changes);
        }
    };
    write(1, (0..ROWS).collect(), 1);
    write(100, (0..ROWS).step_by(2).collect(), 2);
    engine.close();
    let index = tantivy::Index::open_in_dir(dir.path().join("shard-0")).unwrap();
    let segments = index.searchable_segment_metas().unwrap();
    let dead: u32 = segments.iter().map(|segment| segment.num_deleted_docs()).sum();
    let alive: u32 = segments.iter().map(|segment| segment.num_docs()).sum();
    assert_eq!(alive as usize, ROWS);
    assert!(
        f64::from(dead) < 0.4 * f64::from(alive + dead),
        "{dead} dead and {alive} alive in {}",
        segments.len()
    );
}
