//! Who goes through pages back and forth while others write sees each resource that nobody touches once on the way there, and once on the
//! way back.

mod support;

use proptest::prelude::*;
use search::{Engine, Page, Query};
use std::collections::{BTreeMap, BTreeSet};
use storage::Change;
use support::*;

#[derive(Clone, Debug)]
struct Write {
    number: usize,
    /// `None`: it is deleted.
    born: Option<u16>,
}

fn writes() -> impl Strategy<Value = Vec<Write>> {
    let one = (0..40_usize, prop::option::weighted(0.7, 1950..1990_u16));
    prop::collection::vec(one.prop_map(|(number, born)| Write { number, born }), 0..60)
}

fn change(write: &Write, versions: &mut BTreeMap<usize, u64>) -> Change {
    let version = versions.entry(write.number).or_default();
    *version += 1;
    let id = format!("p{}", write.number);
    match write.born {
        Some(born) => {
            let json = format!(
                r#"{{"resourceType":"Patient","id":"{id}","birthDate":"{born}-06-01","name":[{{"family":"f{}"}}]}}"#,
                born % 7
            );
            put("Patient", &id, *version, &json)
        }
        None => delete("Patient", &id, *version),
    }
}

fn names(page: &Page) -> Vec<String> {
    page.hits.iter().map(|hit| hit.key.id.as_str().to_owned()).collect()
}

/// Each of them that is in `still` is there once.
fn check(seen: &[String], still: &BTreeSet<String>) -> Result<BTreeSet<String>, TestCaseError> {
    let of_those: Vec<&String> = seen.iter().filter(|name| still.contains(*name)).collect();
    let each: BTreeSet<String> = of_those.iter().map(|name| (*name).clone()).collect();
    prop_assert_eq!(each.len(), of_those.len(), "{:?}", seen);
    Ok(each)
}

fn page(engine: &Engine, query: &Query, cursor: Option<&str>) -> Page {
    engine.search(query, cursor).expect("a page")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn pages_go_back_under_writes(
        before in writes(),
        during in prop::collection::vec(writes(), 1..4),
        sealed in 0..60_usize,
        count in 1..7_usize,
        steps in 1..8_usize,
        order in prop::sample::select(vec!["", "&_sort=birthdate", "&_sort=-birthdate,_id", "&_sort=family", "&_sort=-_lastUpdated"]),
    ) {
        let mut versions = BTreeMap::new();
        // All are there at first, so that pages are many.
        let first = (0..40).map(|number| Write { number, born: Some(1950 + number as u16) });
        let changes: Vec<Change> = first.chain(before).map(|write| change(&write, &mut versions)).collect();
        let (_dir, engines) = sealed_in_part(&changes, sealed + 20);
        let touched: BTreeSet<String> = during.iter().flatten().map(|write| format!("p{}", write.number)).collect();
        let query = query(&format!("Patient?_count={count}{order}")).unwrap();
        for engine in &engines {
            let all: BTreeSet<String> = found(engine, &query).iter().map(|name| name.split_once('/').unwrap().1.to_owned()).collect();
            let still: BTreeSet<String> = all.difference(&touched).cloned().collect();
            let mut versions = versions.clone();
            let mut at = changes.len();
            let mut publish_some = |writes: &[Write]| {
                let changes: Vec<Change> = writes.iter().map(|write| change(write, &mut versions)).collect();
                publish(engine, &changes, at);
                at += changes.len();
            };
            let (mut there, mut here) = (vec![], page(engine, &query, None));
            for step in 0..steps {
                there.extend(names(&here));
                let Some(next) = here.next.clone() else { break };
                publish_some(during.get(step).map_or(&[], Vec::as_slice));
                here = page(engine, &query, Some(&next));
            }
            // What stands before this page, as often as it was read or not.
            let (mut back, mut cursor) = (vec![], here.previous.clone());
            let shown: BTreeSet<String> = names(&here).into_iter().collect();
            while let Some(before) = cursor {
                let page = page(engine, &query, Some(&before));
                back.splice(0..0, names(&page));
                cursor = page.previous;
            }
            let of_there = check(&there, &still)?;
            let of_back = check(&back, &still)?;
            let gone: BTreeSet<String> = of_there.difference(&shown).cloned().collect();
            prop_assert_eq!(gone, of_back, "{:?} {:?}", there, back);
        }
    }
}
