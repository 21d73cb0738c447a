//! What the engine finds, and what a reader of the specification would pick by hand. The evaluator here shares nothing with
//! the compiler, the matcher and the extraction: it looks at the resources as they were made up (`resource`) and at the
//! questions before they were written as URLs (`ask`), so a fault that both back ends share shows.

#[path = "../support/mod.rs"]
mod support;

mod ask;
mod date;
mod number;
mod resource;

use ask::{Ask, ask};
use proptest::prelude::*;
use proto::id::PartitionId;
use resource::{Resource, resource};
use search::Engine;
use storage::Change;
use support::{assert_same_pages, code, folder, found, in_memory, options, partition, put, query};

fn change(resource: &Resource) -> Change {
    let mut change = put(resource.kind.name(), &resource.id, 1, &resource.json());
    change.last_updated_ms = resource.last_updated_ms;
    change
}

/// One query: all conditions must hold.
fn url(kind: &str, asks: &[Ask]) -> String {
    let conditions: Vec<String> = asks.iter().map(Ask::url).collect();
    format!("{kind}?{}&_total=accurate&_count=4", conditions.join("&"))
}

fn by_hand(resources: &[Resource], kind: resource::Kind, asks: &[Ask]) -> Vec<String> {
    let chosen = |resource: &&Resource| resource.kind == kind && asks.iter().all(|ask| ask.holds(resource));
    let name = |resource: &Resource| format!("{}/{}", code(resource.kind.name()).0, resource.id);
    let mut all: Vec<String> = resources.iter().filter(chosen).map(name).collect();
    all.sort();
    all
}

proptest! {
    // A failing case prints its seed and shrinks.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_finds_what_a_reader_picks(
        resources in (0..24_usize).map(resource).collect::<Vec<_>>(),
        asked in prop::collection::vec(resource::kind().prop_flat_map(|kind| {
            (Just(kind), prop::collection::vec(ask(kind), 1..3))
        }), 60),
        sealed in 0..24_usize,
    ) {
        let changes: Vec<Change> = resources.iter().map(change).collect();
        let dir = folder();
        let memory = in_memory();
        publish(&memory, &changes, 0);
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        publish(&engine, &changes[..sealed], 0);
        engine.close();
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        publish(&engine, &changes[sealed..], sealed);
        for (kind, asks) in asked {
            let url = url(kind.name(), &asks);
            let query = query(&url).expect(&url);
            assert_same_pages(&engine, &memory, &query);
            prop_assert_eq!(found(&engine, &query), by_hand(&resources, kind, &asks), "{}\n{:#?}", url, resources);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_forgotten_partition_is_as_one_that_never_was(
        resources in (0..24_usize).map(resource).collect::<Vec<_>>(),
        asked in prop::collection::vec(resource::kind().prop_flat_map(|kind| {
            (Just(kind), prop::collection::vec(ask(kind), 1..3))
        }), 20),
        sealed in 0..24_usize,
        forgotten in 1..5_u16,
    ) {
        let forgotten = PartitionId(forgotten);
        let is_kept = |resource: &&Resource| partition(&change(resource)) != forgotten;
        let kept: Vec<Resource> = resources.iter().filter(is_kept).cloned().collect();
        let changes: Vec<Change> = resources.iter().map(change).collect();
        let (dir, memory) = (folder(), in_memory());
        publish(&memory, &changes, 0);
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        publish(&engine, &changes[..sealed], 0);
        engine.close();
        let (engine, _) = Engine::open(dir.path(), &options(4096)).expect("an engine");
        publish(&engine, &changes[sealed..], sealed);
        let check = |resources: &[Resource]| {
            for (kind, asks) in &asked {
                let url = url(kind.name(), asks);
                let query = query(&url).expect(&url);
                assert_same_pages(&engine, &memory, &query);
                assert_eq!(found(&engine, &query), by_hand(resources, *kind, asks), "{url}");
            }
        };
        for engine in [&engine, &memory] {
            engine.blocking_forget(forgotten);
        }
        check(&kept);
        for engine in [&engine, &memory] {
            let again = changes.iter().filter(|change| partition(change) == forgotten);
            again.for_each(|change| engine.blocking_replay(forgotten, std::slice::from_ref(change)));
            engine.blocking_publish(forgotten, changes.len() as u64, &[]);
        }
        check(&resources);
    }
}

fn publish(engine: &Engine, changes: &[Change], before: usize) {
    for (number, change) in changes.iter().enumerate() {
        engine.blocking_publish(
            partition(change),
            (before + number + 1) as u64,
            std::slice::from_ref(change),
        );
    }
}
