//! However the log is cut into slices, whatever crashes in between, on whichever engine: the same rows.

use super::fixture::*;
use crate::{Applied, Disk, Entry, Options, Partition, Store};
use proptest::prelude::*;
use proto::id::{PartitionId, ResourceKey};
use proto::log::v1::{self as log, command::Kind};
use std::sync::Arc;

pub const PATIENTS: [&str; 2] = ["x", "y"];
pub const NAMES: [&str; 3] = ["a", "b", "c"];
pub const TRANSACTIONS: [&str; 3] = ["t", "u", "v"];

fn key() -> impl Strategy<Value = ResourceKey> {
    (0..3_usize, 0..3_usize).prop_map(|(patient, name)| match PATIENTS.get(patient) {
        Some(patient) => observation(patient, NAMES[name]),
        None => own(NAMES[name]),
    })
}

/// Mostly of what is taken.
fn mutation() -> impl Strategy<Value = log::Mutation> {
    let generation = prop_oneof![6 => Just(3_u32), 1 => 0..3_u32];
    (a_mutation(), generation).prop_map(|(mutation, generation)| match mutation.kind {
        Some(log::mutation::Kind::Put(_)) => of_generation(generation, mutation),
        _ => mutation,
    })
}

fn a_mutation() -> impl Strategy<Value = log::Mutation> {
    let patient = || prop::option::of((0..2_usize).prop_map(|patient| PATIENTS[patient]));
    prop_oneof![
        4 => (key(), 0..4_u64).prop_map(|(key, expected)| put(key, expected)),
        2 => key().prop_map(|key| put(key, 0)),
        1 => (key(), 1..4_u64).prop_map(|(key, expected)| delete(key, expected)),
        1 => (key(), 1..4_u64, any::<bool>()).prop_map(|(key, expected, deleted)| {
            let method = if deleted { log::Method::Delete } else { log::Method::Update };
            after(put(key, expected), &version(expected, method))
        }),
        1 => (key(), 1..4_u64).prop_map(|(key, expected)| evict(key, expected)),
        1 => (key(), 1..4_u64).prop_map(|(key, older)| adopt(key, older)),
        1 => (0..3_usize, patient(), patient()).prop_map(|(name, to, from)| locate(NAMES[name], to, from)),
        1 => (0..3_usize, patient()).prop_map(|(name, to)| unplaced(locate(NAMES[name], to, None))),
        1 => (0..3_usize, 0..2_u64).prop_map(|(name, expected)| unplaced(put(own(NAMES[name]), expected))),
    ]
}

fn a_write() -> impl Strategy<Value = Kind> {
    let dedup = prop::option::of((0..3_usize, 0..400_u64, 0..3_u64));
    let rests = prop::option::weighted(0.1, 0..2_usize);
    (prop::collection::vec(mutation(), 0..4), dedup, rests).prop_map(|(mutations, dedup, rests)| {
        let releases =
            rests.map(|holder| log::Release { criteria: "c".into(), holder: NAMES[holder].into() });
        let releases = releases.into_iter().collect();
        let kind = Kind::Write(log::Write { mutations, releases, ..Default::default() });
        match dedup {
            Some((name, expires_ms, fingerprint)) => {
                of_request(with_dedup(kind, NAMES[name], 1_000 + expires_ms, "answer"), fingerprint)
            }
            None => kind,
        }
    })
}

fn command() -> impl Strategy<Value = Kind> {
    let transaction = || (0..3_usize).prop_map(|number| TRANSACTIONS[number]);
    let rests = prop::option::weighted(0.3, 0..2_usize);
    let a_prepare = (transaction(), prop::collection::vec(mutation(), 1..3), rests).prop_map(
        |(transaction, mutations, rests)| {
            let kind = match rests {
                Some(holder) => prepare_held(transaction, "c", NAMES[holder]),
                None => prepare(transaction, []),
            };
            let Kind::Prepare(mut message) = kind else { unreachable!() };
            message.mutations = mutations;
            Kind::Prepare(message)
        },
    );
    prop_oneof![
        8 => a_write(),
        2 => a_prepare,
        2 => (transaction(), any::<bool>()).prop_map(|(transaction, commit)| finish(transaction, commit)),
        1 => (transaction(), any::<bool>(), prop::option::of(a_write()))
            .prop_map(|(transaction, commit, own)| decide(transaction, commit, own)),
        1 => (0..2_usize, 0..400_u64).prop_map(|(holder, ms)| reserve("c", NAMES[holder], 1_000 + ms)),
        1 => (0..2_usize).prop_map(|holder| release("c", NAMES[holder])),
        1 => (1..4_u32, key(), 1..5_u64).prop_map(|(generation, key, version)| {
            reindex(generation, [(key, version, "other values")])
        }),
        1 => transaction().prop_map(|name| Kind::Forget(log::Forget { transactions: vec![name.into()] })),
    ]
}

pub fn entries() -> impl Strategy<Value = Vec<Entry>> {
    // Now and then a clock is days ahead, or behind.
    let clock = prop_oneof![20 => Just(0_i64), 1 => Just(3_000_000_000), 1 => Just(-500)];
    prop::collection::vec((command(), 0..20_u64, clock), 1..60).prop_map(|commands| {
        let mut time_ms = 1_000_u64;
        let numbered = (1..).zip(commands).map(|(index, (kind, later, off))| {
            time_ms += later;
            entry(index, time_ms.saturating_add_signed(off), kind)
        });
        numbered.collect()
    })
}

pub type Dump = Vec<(Vec<u8>, Vec<u8>)>;

pub fn dump(partition: &Partition) -> Dump {
    let mut rows = vec![];
    partition.each_row(&mut |key, value| rows.push((key.to_vec(), value.to_vec()))).unwrap();
    rows
}

pub fn apply(partition: &Partition, entries: &[Entry]) -> Vec<Applied> {
    partition.apply(entries).unwrap().into_iter().map(|(applied, _)| applied).collect()
}

fn one_by_one(entries: &[Entry]) -> (Vec<Applied>, Dump) {
    let f = Fixture::new();
    let applied = entries.iter().flat_map(|entry| apply(&f.partition, std::slice::from_ref(entry))).collect();
    (applied, dump(&f.partition))
}

/// Flushes after `flushed` entries, crashes after `crashed`, replays the rest from the log.
fn with_crash(
    open: &dyn Fn() -> Arc<Partition>,
    crash: &dyn Fn(),
    entries: &[Entry],
    cuts: (usize, usize),
) -> Dump {
    let (flushed, crashed) = (cuts.0.min(cuts.1), cuts.0.max(cuts.1));
    let partition = open();
    apply(&partition, &entries[..flushed]);
    partition.flush().unwrap();
    apply(&partition, &entries[flushed..crashed]);
    drop(partition);
    crash();
    let partition = open();
    let applied = partition.applied().index as usize;
    assert_eq!(partition.durable_index().unwrap() as usize, applied);
    assert!(applied >= flushed && applied <= crashed);
    apply(&partition, &entries[applied..]);
    dump(&partition)
}

fn counts_are_right(partition: &Partition) {
    let of_patients = PATIENTS.iter().map(|patient| compartment(patient));
    let all = of_patients.chain(NAMES.iter().map(|name| own(name).compartment));
    let live = all.flat_map(|compartment| {
        let rows = partition.scan_compartment(TENANT, &compartment, None).unwrap();
        rows.map(|row| row.unwrap())
    });
    let counted: u64 = partition.counts(TENANT).unwrap().iter().map(|(_, count)| count).sum();
    assert_eq!(live.count() as u64, counted);
    // Every version that is listed is there.
    partition.histories().unwrap().all(TENANT).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn slices_and_crashes_make_no_difference(entries in entries(), a in 0..60_usize, b in 0..60_usize) {
        let cuts = (a.min(entries.len()), b.min(entries.len()));
        let (applied, expected) = one_by_one(&entries);
        let f = Fixture::new();
        prop_assert_eq!(apply(&f.partition, &entries), applied);
        prop_assert_eq!(&dump(&f.partition), &expected);
        counts_are_right(&f.partition);
        let disk = Disk::default();
        let open = || Store::in_memory(&disk).partition(PartitionId(1)).unwrap();
        prop_assert_eq!(&with_crash(&open, &|| disk.crash(), &entries, cuts), &expected);
    }
}

proptest! {
    // Each case opens a database twice.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_disk_holds_what_memory_holds(entries in entries(), a in 0..60_usize, b in 0..60_usize) {
        let cuts = (a.min(entries.len()), b.min(entries.len()));
        let dir = tempfile::tempdir().unwrap();
        // The partition keeps the database open, not the store: dropping both is the crash.
        let open = || {
            let store = Store::open(dir.path(), &Options::default()).unwrap();
            store.partition(PartitionId(1)).unwrap()
        };
        prop_assert_eq!(with_crash(&open, &|| (), &entries, cuts), one_by_one(&entries).1);
    }
}
