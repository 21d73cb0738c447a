//! Writes, their mutations, dedup, reservations.

use super::fixture::*;
use crate::{Applied, ChangeKind, Entry, EntryPayload, Error, FeedPosition, Method, Origin, Version};
use proto::id::{PartitionId, Slot};
use proto::log::v1::{self as log, command::Kind};

fn numbers(versions: &[Version]) -> Vec<(String, u64)> {
    versions.iter().map(|version| (version.key.id.to_string(), version.version)).collect()
}

fn named<const N: usize>(versions: [(&str, u64); N]) -> Vec<(String, u64)> {
    versions.into_iter().map(|(name, version)| (name.to_owned(), version)).collect()
}

#[test]
fn a_life_from_create_to_delete_and_back() {
    let f = Fixture::new();
    let key = observation("x", "o");
    for mutation in [put(key, 0), put(key, 1), delete(key, 2)] {
        assert_eq!(f.apply(write([mutation])), Applied::Done);
    }
    let current = f.partition.get(TENANT, &key).unwrap().unwrap();
    assert_eq!((current.version, current.method, current.index), (3, Method::Delete, 3));
    assert!(current.body.is_empty() && current.is_deleted());
    assert_eq!(f.partition.index_row(TENANT, &key).unwrap(), None);
    assert_eq!(f.partition.counts(TENANT).unwrap(), []);
    assert_eq!(f.apply(write([put(key, 3)])), Applied::Done);
    assert_eq!(f.partition.counts(TENANT).unwrap(), [(OBSERVATION, 1)]);
    for number in 1..=4 {
        let found = f.partition.get_version(TENANT, &key, number).unwrap().unwrap();
        assert_eq!((found.version, found.index), (number, number));
    }
    assert_eq!(f.partition.get_version(TENANT, &key, 5).unwrap(), None);
    let history = f.partition.instance_history(TENANT, &key, None, 10).unwrap();
    assert_eq!(numbers(&history), named([("o", 4), ("o", 3), ("o", 2), ("o", 1)]));
    assert_eq!(history[3].body, "body 1");
    let page = f.partition.instance_history(TENANT, &key, Some(4), 2).unwrap();
    assert_eq!(numbers(&page), named([("o", 3), ("o", 2)]));
}

#[test]
fn a_failed_fence_changes_nothing_of_the_whole_command() {
    let f = Fixture::new();
    let (a, b) = (observation("x", "a"), observation("x", "b"));
    f.apply(write([put(a, 0)]));
    let refused = f.apply_with_changes(write([put(b, 0), put(a, 0)]));
    assert_eq!(refused, (Applied::Conflict { key: a, current: 1 }, vec![]));
    assert_eq!(f.partition.get(TENANT, &b).unwrap(), None);
    assert_eq!(f.apply(write([put(b, 4)])), Applied::Conflict { key: b, current: 0 });
    assert_eq!(f.partition.counts(TENANT).unwrap(), [(OBSERVATION, 1)]);
    assert_eq!(f.partition.applied().index, 3);
}

#[test]
fn what_was_decided_on_a_version_in_flight_is_refused_after_another_with_its_number() {
    let f = Fixture::new();
    let key = observation("x", "o");
    let in_flight = version(1, log::Method::Create);
    let after_it = || write([after(put(key, 1), &in_flight)]);
    assert_eq!(f.apply(after_it()), Applied::Conflict { key, current: 0 });
    let others = log::Version { body: "another's".into(), ..in_flight.clone() };
    f.apply(write([put_as(key, 0, others)]));
    assert_eq!(f.apply(after_it()), Applied::Conflict { key, current: 1 });
    let key = observation("x", "p");
    assert_eq!(f.apply(write([put(key, 0), after(put(key, 1), &in_flight)])), Applied::Done);
    let deleted = version(2, log::Method::Delete);
    assert_eq!(f.apply(write([after(put(key, 2), &deleted)])), Applied::Conflict { key, current: 2 });
}

#[test]
fn mutations_see_the_ones_before_them() {
    let f = Fixture::new();
    let key = observation("x", "o");
    let (applied, changes) = f.apply_with_changes(write([put(key, 0), put(key, 1)]));
    assert_eq!(applied, Applied::Done);
    assert_eq!(changes.iter().map(|change| change.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(changes[1].kind, ChangeKind::Put { index_values: "values 2".into() });
    let history = f.partition.instance_history(TENANT, &key, None, 10).unwrap();
    assert_eq!(history[0].position(), FeedPosition { index: 1, seq: 1 });
    assert_eq!(history[1].position(), FeedPosition { index: 1, seq: 0 });
}

#[test]
fn a_compartment_scan_is_ordered_and_leaves_the_deleted_out() {
    let f = Fixture::new();
    let patient = compartment("x").own();
    let (a, b, gone) = (observation("x", "a"), observation("x", "b"), observation("x", "aa"));
    f.apply(write([put(b, 0), put(a, 0), put(gone, 0), put(patient, 0), put(observation("y", "c"), 0)]));
    f.apply(write([delete(gone, 1)]));
    let ids = |type_code| {
        let rows = f.partition.scan_compartment(TENANT, &compartment("x"), type_code).unwrap();
        rows.map(|row| row.unwrap().key.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(None), ["a", "b", "x"]);
    assert_eq!(ids(Some(OBSERVATION)), ["a", "b"]);
    let versions = f.partition.scan_versions(TENANT, &compartment("x"), Some(OBSERVATION)).unwrap();
    assert_eq!(versions.map(|version| version.unwrap().key).collect::<Vec<_>>(), [a, b]);
}

#[test]
fn histories_page_newest_first() {
    let f = Fixture::new();
    let (o, patient) = (observation("x", "o"), compartment("x").own());
    f.apply(write([put(patient, 0), put(o, 0)]));
    f.apply(write([put(o, 1)]));
    f.apply(write([delete(patient, 1)]));
    let system = f.history();
    assert_eq!(numbers(&system), named([("x", 2), ("o", 2), ("x", 1), ("o", 1)]));
    let histories = f.partition.histories().unwrap();
    assert_eq!(histories.types(TENANT).unwrap(), [OBSERVATION, PATIENT]);
    let of_type = |type_code, since_ms, before: Option<&Version>| {
        let before = before.map(Version::place);
        let places = histories.newest_first(TENANT, type_code, since_ms, before.as_ref()).unwrap();
        places.map(|listed| histories.version(TENANT, &listed.unwrap()).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&of_type(OBSERVATION, 0, None)), named([("o", 2), ("o", 1)]));
    assert_eq!(numbers(&of_type(OBSERVATION, 1_002, None)), named([("o", 2)]));
    // What is before a version of another type: of equal times the greater type is the newer.
    for (before, older) in system.iter().zip([&system[1..], &system[2..], &system[3..], &[]]) {
        for type_code in [OBSERVATION, PATIENT] {
            let is_of_type = |version: &&Version| version.key.type_code == type_code;
            let older: Vec<Version> = older.iter().filter(is_of_type).cloned().collect();
            assert_eq!(of_type(type_code, 0, Some(before)), older);
        }
    }
}

#[test]
fn what_is_decided_early_and_applied_late_has_its_place_in_time() {
    let f = Fixture::new();
    let at = |name, last_updated_ms| {
        let version = log::Version { last_updated_ms, ..version(1, log::Method::Create) };
        put_as(observation("x", name), 0, version)
    };
    f.apply(write([at("late", 9_000)]));
    f.apply(write([at("early", 2_000)]));
    assert_eq!(numbers(&f.history()), named([("late", 1), ("early", 1)]));
}

#[test]
fn a_version_keeps_its_origin_over_moves() {
    let f = Fixture::new();
    let (x, y) = (observation("x", "o"), observation("y", "o"));
    f.apply(write([put(x, 0)]));
    let origins = |key| {
        let versions = f.partition.instance_history(TENANT, &key, None, 9).unwrap();
        versions.iter().map(|version| f.partition.origin(TENANT, version).unwrap()).collect::<Vec<_>>()
    };
    let here = |index| Some(Origin { partition: None, index });
    assert_eq!(origins(x), [here(1)]);
    let elsewhere = Origin { partition: Some(PartitionId(7)), index: 40 };
    let mut moved = adopt(y, 1);
    let Some(log::mutation::Kind::Put(put)) = &mut moved.kind else { panic!("a put") };
    (put.adopted[0].origin_partition, put.adopted[0].origin_index) = (7, 40);
    // Within a partition the rows of both places are the same ones: either order of the mutations keeps them.
    f.apply(write([moved, evict(x, 1)]));
    assert_eq!(origins(y), [here(2), Some(elsewhere)]);
    assert_eq!(f.history().len(), 2);
}

#[test]
fn a_resource_moves_with_its_history() {
    let f = Fixture::new();
    let (old, new) = (observation("x", "o"), observation("y", "o"));
    f.apply(write([put(old, 0), locate("o", Some("x"), None)]));
    f.apply(write([put(old, 1)]));
    let (applied, changes) =
        f.apply_with_changes(write([adopt(new, 2), evict(old, 2), locate("o", Some("y"), Some("x"))]));
    assert_eq!(applied, Applied::Done);
    assert_eq!((changes[0].key, changes[1].key), (new, old));
    assert_eq!(changes[1].kind, ChangeKind::Evict);
    assert_eq!(f.partition.get(TENANT, &old).unwrap(), None);
    assert_eq!(f.partition.instance_history(TENANT, &old, None, 9).unwrap(), []);
    let history = f.partition.instance_history(TENANT, &new, None, 9).unwrap();
    assert_eq!(numbers(&history), named([("o", 3), ("o", 2), ("o", 1)]));
    let system = f.history();
    assert!(system.iter().all(|version| version.key == new) && system.len() == 3);
    assert_eq!(f.partition.counts(TENANT).unwrap(), [(OBSERVATION, 1)]);
    let located = f.partition.locate(TENANT, Slot(7), OBSERVATION, &id("o")).unwrap();
    assert_eq!(located, Some(compartment("y")));
}

#[test]
fn a_directory_row_is_fenced() {
    let f = Fixture::new();
    f.apply(write([locate("o", Some("x"), None)]));
    let conflict = Applied::LocateConflict {
        home_slot: Slot(7),
        type_code: OBSERVATION,
        id: id("o"),
        current: Some(compartment("x")),
    };
    assert_eq!(f.apply(write([locate("o", Some("y"), None)])), conflict);
    assert_eq!(f.apply(write([locate("o", None, Some("x"))])), Applied::Done);
    assert_eq!(f.partition.locate(TENANT, Slot(7), OBSERVATION, &id("o")).unwrap(), None);
}

#[test]
fn a_retry_gets_the_first_answer_until_it_expires() {
    let mut f = Fixture::new();
    let key = observation("x", "o");
    let create = || with_dedup(write([put(key, 0)]), "k", 2_000, "first");
    assert_eq!(f.apply(create()), Applied::Done);
    assert_eq!(f.apply(create()), Applied::Duplicate { response: "first".into() });
    f.time_ms = 1_999;
    assert_eq!(f.apply(create()), Applied::Duplicate { response: "first".into() });
    f.time_ms = 2_000;
    assert_eq!(f.apply(create()), Applied::Conflict { key, current: 1 });
}

#[test]
fn expired_rows_go_and_renewed_ones_stay() {
    let mut f = Fixture::new();
    let empty = f.partition_rows();
    f.apply(with_dedup(write([]), "old", 2_000, ""));
    f.apply(reserve("criteria", "me", 2_000));
    f.apply(reserve("criteria", "me", 90_000));
    f.pass(16);
    assert_eq!(f.partition_rows(), empty + 1 + 2 + 3);
    f.time_ms = 50_000;
    f.pass(16);
    assert_eq!(f.partition_rows(), empty + 1 + 2);
    assert_eq!(
        f.apply(reserve("criteria", "other", 99_000)),
        Applied::ReservationHeld { expires_ms: 90_000, holder: "me".into() }
    );
    // A row that expires before the place the last sweep reached is still found.
    f.apply(with_dedup(write([]), "late", 3_000, ""));
    f.pass(16);
    assert_eq!(f.partition_rows(), empty + 1 + 2);
    f.time_ms = 90_000;
    f.pass(16);
    assert_eq!(f.partition_rows(), empty + 1);
}

impl Fixture {
    /// Rows there are; every fixture that applied something has the applied row.
    fn partition_rows(&self) -> usize {
        let mut rows = 0;
        self.partition.each_row(&mut |_, _| rows += 1).unwrap();
        rows
    }
}

#[test]
fn malformed_commands_are_rejected_alike_everywhere() {
    let f = Fixture::new();
    let key = observation("x", "o");
    let mut bad_id = put(key, 0);
    let Some(log::mutation::Kind::Put(put)) = &mut bad_id.kind else { unreachable!() };
    put.key.as_mut().unwrap().id = "not/an id".into();
    let bad = [
        write([bad_id]),
        write([put_as(key, 3, version(3, log::Method::Update))]),
        write([put_as(key, 0, version(1, log::Method::Unspecified))]),
        write([log::Mutation { kind: None }]),
        with_dedup(write([]), "", 9, ""),
        Kind::Prepare(log::Prepare {
            transaction: "t".into(),
            coordinator_partition: 70_000,
            ..Default::default()
        }),
        giving_back("", "me"),
        Kind::Forget(log::Forget { transactions: vec!["".into()] }),
    ];
    for kind in bad {
        let command = log::Command { time_ms: 1, tenant: 1, kind: Some(kind.clone()) };
        assert!(
            matches!(crate::check(&command), Err(Error::Malformed(_))) || matches!(kind, Kind::Prepare(_))
        );
        assert!(matches!(f.apply(kind), Applied::Rejected { .. }));
    }
    assert_eq!(f.partition.get(TENANT, &key).unwrap(), None);
}

#[test]
fn entries_come_in_order_and_carry_the_membership() {
    let mut f = Fixture::new();
    let entry = |index, payload| Entry { index, term: 2, payload };
    f.partition
        .apply(&[entry(1, EntryPayload::Blank), entry(2, EntryPayload::Membership("m".into()))])
        .unwrap();
    let again = f.partition.apply(&[entry(3, EntryPayload::Blank), entry(2, EntryPayload::Blank)]);
    assert!(matches!(again, Err(Error::OutOfOrder { index: 2, applied: 3 })));
    let state = f.partition.applied();
    assert_eq!((state.index, state.term, &state.membership[..]), (2, 2, &b"m"[..]));
    assert_eq!(f.partition.durable_index().unwrap(), 0);
    f.partition.flush().unwrap();
    assert_eq!(f.partition.durable_index().unwrap(), 2);
    f.apply(write([put(observation("x", "o"), 0)]));
    f.disk.crash();
    f.reopen();
    assert_eq!(f.partition.applied(), state);
    assert_eq!(f.partition.get(TENANT, &observation("x", "o")).unwrap(), None);
}

#[test]
fn the_feed_replays_what_is_current() {
    let f = Fixture::new();
    let (a, b) = (observation("x", "a"), observation("x", "b"));
    f.apply(write([put(a, 0), put(b, 0)]));
    f.apply(write([put(a, 1)]));
    f.apply(write([delete(b, 1)]));
    let feed = |after| {
        let rows = f.partition.feed(after).unwrap().map(|row| row.unwrap());
        rows.map(|(at, change)| (at.index, change.key, change.version)).collect::<Vec<_>>()
    };
    assert_eq!(feed(0), [(2, a, 2), (3, b, 2)]);
    assert_eq!(feed(2), [(3, b, 2)]);
    assert_eq!(feed(3), []);
    let (_, change) = f.partition.feed(1).unwrap().next().unwrap().unwrap();
    assert_eq!(change.kind, ChangeKind::Put { index_values: "values 2".into() });
}
