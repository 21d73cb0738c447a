//! A search that several nodes answer, each for some of the partitions, finds what one with all of them finds.

mod support;

use proptest::prelude::*;
use proto::id::PartitionId;
use search::{Engine, Part, PartitionSet, Partitions, Query};
use std::{collections::BTreeMap, sync::Arc};
use storage::Change;
use support::*;

/// Nothing of these searches is read from rows.
struct NoRows;

impl Partitions for NoRows {
    fn of_slot(&self, _: proto::id::Slot) -> Option<(PartitionId, Arc<storage::Partition>)> {
        None
    }
}

fn patient(name: usize, version: u64) -> Change {
    let gender = if version.is_multiple_of(2) { "male" } else { "female" };
    let json = format!(r#"{{"resourceType":"Patient","id":"p{name}","gender":"{gender}"}}"#);
    put("Patient", &format!("p{name}"), version, &json)
}

/// Writes and deletions, in order.
fn history() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((0..60_usize, prop::bool::weighted(0.2)), 1..120).prop_map(|writes| {
        let mut versions = BTreeMap::<usize, u64>::new();
        let write = |(name, gone): (usize, bool)| {
            let version = versions.entry(name).or_default();
            *version += 1;
            match gone {
                true => delete("Patient", &format!("p{name}"), *version),
                false => patient(name, *version),
            }
        };
        writes.into_iter().map(write).collect()
    })
}

/// All pages, hits as `id/version`, and the total of the first.
fn read(page: impl FnMut(Option<&str>) -> search::Page) -> (Vec<Vec<String>>, Option<u64>) {
    let pages = both_ways(page);
    let total = pages.iter().find_map(|page| page.total);
    let hits =
        |page: &search::Page| page.hits.iter().map(|hit| format!("{}/{}", hit.key.id, hit.version)).collect();
    (pages.iter().map(hits).collect(), total)
}

fn apart(nodes: &[(Engine, PartitionSet)], query: &Query, cursor: Option<&str>) -> search::Page {
    let start = nodes[0].0.start(query, cursor).unwrap();
    let part = |(engine, only): &(Engine, PartitionSet)| -> Part {
        engine.part(&NoRows, query, only, start.as_ref()).unwrap()
    };
    nodes[0].0.merged(query, start.as_ref(), nodes.iter().map(part).collect())
}

/// Sealed, or all in memory.
fn engine(dir: &tempfile::TempDir, sealed: bool, changes: &[&Change]) -> Engine {
    let publish = |engine: &Engine| {
        for (index, change) in (1..).zip(changes) {
            engine.blocking_publish(partition(change), index, &[(*change).clone()]);
        }
    };
    if !sealed {
        let engine = in_memory();
        publish(&engine);
        return engine;
    }
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    publish(&engine);
    engine.close();
    let (engine, _) = Engine::open(dir.path(), &options(4096)).unwrap();
    // Cursors of one are the other's.
    engine.signer().agree(b"all");
    engine
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// Each partition is looked for on one of two nodes, each of which holds some of the other's, too.
    #[test]
    fn parts_make_the_page(
        changes in history(),
        owners in prop::collection::vec(0..2_usize, 4),
        held in prop::collection::vec(any::<bool>(), 8),
        sealed in any::<bool>(),
        count in 0..8_usize,
    ) {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let all: Vec<&Change> = changes.iter().collect();
        let whole = engine(&dirs[2], sealed, &all);
        whole.signer().agree(b"all");
        let nodes: Vec<(Engine, PartitionSet)> = (0..2)
            .map(|node| {
                let place = |change: &Change| usize::from(partition(change).0) - 1;
                let has = |change: &&Change| owners[place(change)] == node || held[4 * node + place(change)];
                let here: Vec<&Change> = all.iter().copied().filter(has).collect();
                let engine = engine(&dirs[node], sealed, &here);
                engine.signer().agree(b"all");
                let owned = (1..=4).filter(|id| owners[*id - 1] == node).map(|id| PartitionId(id as u16));
                (engine, owned.collect())
            })
            .collect();
        for url in ["Patient?gender=male", "Patient?", "Patient?_id=p1,p2,p3,p4,p5", "Patient?gender=x"] {
            let query = query(&format!("{url}&_count={count}&_total=accurate")).unwrap();
            let expected = read(|cursor| whole.search(&query, cursor).unwrap());
            let found = read(|cursor| apart(&nodes, &query, cursor));
            prop_assert_eq!(found, expected, "{}", url);
        }
    }
}
