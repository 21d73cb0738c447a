//! The machine and a naive model of it answer alike, and show the same through every read.

use super::fixture::*;
use super::model::{Model, Touched};
use super::property::{NAMES, PATIENTS, TRANSACTIONS, entries};
use crate::{Applied, Change, ChangeKind, FeedPosition, Partition, Version};
use bytes::Bytes;
use proptest::prelude::*;
use proto::id::{ResourceKey, Slot};
use std::fmt::Debug;

/// All that can be read of a partition, in words, so that a difference is seen at once.
type Seen = Vec<String>;

fn say(what: impl Debug, found: impl Debug) -> String {
    format!("{what:?}: {found:?}")
}

fn keys() -> impl Iterator<Item = ResourceKey> {
    let of_patients = PATIENTS.iter().flat_map(|patient| NAMES.iter().map(|name| observation(patient, name)));
    of_patients.chain(NAMES.iter().map(|name| own(name)))
}

fn shown(partition: &Partition, time_ms: u64) -> Seen {
    let mut seen = vec![];
    for key in keys() {
        seen.push(say(("current", key), partition.get(TENANT, &key).unwrap()));
        let mut versions = partition.instance_history(TENANT, &key, None, usize::MAX).unwrap();
        versions.reverse();
        for version in &versions {
            let found = partition.get_version(TENANT, &key, version.version).unwrap();
            assert_eq!(found.as_ref(), Some(version));
        }
        seen.push(say(("versions", key), versions));
        let row = partition.index_row(TENANT, &key).unwrap();
        seen.push(say(("values", key), row.map(|row| (row.version, row.index_values))));
        seen.push(say(("lock", key), partition.lock_of(TENANT, &key)));
    }
    for name in NAMES {
        let place = partition.locate(TENANT, Slot(7), OBSERVATION, &id(name)).unwrap();
        seen.push(say(("place", name), place));
        seen.push(say(("lock", name), partition.lock_of_location(TENANT, Slot(7), OBSERVATION, &id(name))));
        let answer = partition.dedup(TENANT, name.as_bytes(), time_ms).unwrap();
        seen.push(say(("answer", name), answer));
    }
    for transaction in TRANSACTIONS {
        seen.push(say(
            ("decision", transaction),
            partition.decision(TENANT, transaction.as_bytes()).unwrap(),
        ));
    }
    let prepared = partition.prepared().unwrap();
    seen.push(say("prepared", prepared.iter().map(|record| &record.transaction).collect::<Vec<_>>()));
    for patient in PATIENTS {
        let rows = partition.scan_versions(TENANT, &compartment(patient), None).unwrap();
        let rows: Vec<Version> = rows.map(Result::unwrap).collect();
        let values = partition.scan_compartment(TENANT, &compartment(patient), Some(OBSERVATION)).unwrap();
        assert_eq!(
            values.map(|row| row.unwrap().key).collect::<Vec<_>>(),
            rows.iter().map(|row| row.key).collect::<Vec<_>>()
        );
        seen.push(say(("compartment", patient), rows));
    }
    seen.push(say("counts", partition.counts(TENANT).unwrap()));
    seen.push(say("history", partition.histories().unwrap().all(TENANT).unwrap()));
    let feed: Vec<(FeedPosition, Change)> = partition.feed(0).unwrap().map(Result::unwrap).collect();
    seen.extend(feed.into_iter().map(|(at, change)| say(at, (change.key, change.version, change.kind))));
    seen
}

fn expected(model: &Model) -> Seen {
    let mut seen = vec![];
    for key in keys() {
        let versions = model.resources.get(&key).cloned().unwrap_or_default();
        seen.push(say(("current", key), versions.last()));
        let number = versions.last().map_or(0, |version| version.version);
        seen.push(say(("versions", key), &versions));
        seen.push(say(("values", key), model.index_values.get(&key).map(|values| (number, values))));
        seen.push(say(("lock", key), model.lock(&Touched::Resource(key), None)));
    }
    for name in NAMES {
        let home = (Slot(7), OBSERVATION, id(name));
        seen.push(say(("place", name), model.directory.get(&home)));
        seen.push(say(("lock", name), model.lock(&Touched::Place(home), None)));
        let answer = model.dedup.get(name.as_bytes()).filter(|row| row.expires_ms > model.time_ms);
        seen.push(say(("answer", name), answer));
    }
    for transaction in TRANSACTIONS {
        seen.push(say(("decision", transaction), model.decisions.get(transaction.as_bytes())));
    }
    seen.push(say("prepared", model.prepared.keys().collect::<Vec<&Bytes>>()));
    let live: Vec<&Version> = model
        .resources
        .values()
        .filter_map(|all| all.last())
        .filter(|version| !version.is_deleted())
        .collect();
    for patient in PATIENTS {
        let of = |version: &&&Version| version.key.compartment == compartment(patient);
        seen.push(say(("compartment", patient), live.iter().filter(of).collect::<Vec<_>>()));
    }
    let counts: Vec<_> = (!live.is_empty()).then_some((OBSERVATION, live.len() as u64)).into_iter().collect();
    seen.push(say("counts", counts));
    let listed = model.listed.iter().rev().map(|(place, key)| {
        let mut versions = model.resources[key].iter();
        versions.find(|version| version.version == place.version).unwrap()
    });
    seen.push(say("history", listed.collect::<Vec<&Version>>()));
    seen.extend(feed(model));
    seen
}

/// Deletions, moves, and what is current, in log order.
fn feed(model: &Model) -> Vec<String> {
    let mut changes = vec![];
    for version in model.resources.values().flatten() {
        let is_current = model.current(&version.key) == Some(version);
        let kind = match model.index_values.get(&version.key) {
            _ if version.is_deleted() => ChangeKind::Delete,
            Some(index_values) if is_current => ChangeKind::Put { index_values: index_values.clone() },
            _ => continue,
        };
        changes.push((version.position(), (version.key, version.version, kind)));
    }
    for (at, (key, version)) in &model.reindexed {
        let is_current = model.current(key).is_some_and(|current| current.version == *version);
        if let (true, Some(values)) = (is_current, model.index_values.get(key)) {
            changes.push((*at, (*key, *version, ChangeKind::Reindex { index_values: values.clone() })));
        }
    }
    let evicted = model.evicted.iter();
    changes.extend(evicted.map(|(at, (key, version))| (*at, (*key, *version, ChangeKind::Evict))));
    changes.sort_by_key(|(at, _)| *at);
    changes.into_iter().map(|(at, change)| say(at, change)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_machine_does_what_the_model_does(entries in entries()) {
        let partition = Fixture::new().partition;
        let mut model = Model::default();
        for entry in &entries {
            let found: Vec<Applied> =
                partition.apply(std::slice::from_ref(entry)).unwrap().into_iter().map(|(applied, _)| applied).collect();
            prop_assert_eq!(found, vec![model.apply(entry)], "{:?}", entry);
            prop_assert_eq!(shown(&partition, model.time_ms), expected(&model), "after {:?}", entry);
        }
    }
}
