//! A tenant ends: its rows go in pieces, nothing of it comes any more, and those of others are as they were.

use super::fixture::*;
use super::property::{Dump, apply, dump, entries};
use crate::{Applied, Entry, EntryPayload, Partition, check};
use bytes::Bytes;
use proptest::prelude::*;
use proto::id::TenantId;
use proto::log::v1::{self as log, command::Kind};

const OTHER: TenantId = TenantId(2);

fn of(tenant: TenantId, mut entry: Entry) -> Entry {
    if let EntryPayload::Command(command) = &mut entry.payload {
        command.tenant = tenant.0;
    }
    entry
}

fn drop_tenant(rows_max: u32, after: Bytes) -> Kind {
    Kind::DropTenant(log::DropTenant { rows_max, after })
}

/// Without what says how far the partition is.
fn rows_of(partition: &Partition, tenant: TenantId) -> Dump {
    let of = |key: &[u8]| key[1..5] == tenant.0.to_be_bytes();
    dump(partition).into_iter().filter(|(key, _)| of(key)).collect()
}

/// Drops all of the other tenant in pieces; the entries that did.
fn drop_all(partition: &Partition, time_ms: u64, rows_max: u32) -> Vec<Entry> {
    let mut log: Vec<Entry> = vec![];
    let mut after = Bytes::new();
    loop {
        let index = partition.applied().index + 1;
        log.push(of(OTHER, entry(index, time_ms, drop_tenant(rows_max, after))));
        match apply(partition, &log[log.len() - 1..]).pop() {
            Some(Applied::Dropped { rows, last }) if last.is_empty() => {
                assert!(rows < u64::from(rows_max));
                return log;
            }
            Some(Applied::Dropped { rows, last }) => {
                assert_eq!(rows, u64::from(rows_max));
                after = last;
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn all_of_one_goes_and_nothing_of_another(
        entries in entries(),
        others in prop::collection::vec(any::<bool>(), 60),
        rows_max in 1..9_u32,
    ) {
        let tenant = |other: &bool| if *other { OTHER } else { TENANT };
        let mut log: Vec<Entry> = entries.into_iter().zip(&others).map(|(entry, other)| of(tenant(other), entry)).collect();
        let f = Fixture::new();
        apply(&f.partition, &log);
        let time_ms = f.partition.applied().time_ms;
        let (before, prepared) = (rows_of(&f.partition, TENANT), f.partition.prepared().unwrap());
        log.extend(drop_all(&f.partition, time_ms, rows_max));
        prop_assert_eq!(rows_of(&f.partition, TENANT), before);
        prop_assert_eq!(rows_of(&f.partition, OTHER), vec![(vec![18, 0, 0, 0, 2], vec![1])]);
        let left = prepared.iter().filter(|record| record.tenant == TENANT).count();
        prop_assert_eq!(f.partition.prepared_count(), left);
        prop_assert!(f.partition.has_dropped(OTHER).unwrap() && !f.partition.has_dropped(TENANT).unwrap());
        // In one slice it is the same, and after a start from the rows alone the locks are.
        let whole = Fixture::new();
        apply(&whole.partition, &log);
        prop_assert_eq!(dump(&whole.partition), dump(&f.partition));
        prop_assert_eq!(whole.partition.prepared_count(), left);
    }
}

#[test]
fn nothing_of_it_is_taken_from_the_first_piece_on() {
    let f = Fixture::new();
    let late = |kind| {
        let index = f.partition.applied().index + 1;
        apply(&f.partition, &[of(OTHER, entry(index, 2_000, kind))]).remove(0)
    };
    let key = observation("x", "o");
    assert_eq!(late(write([put(key, 0)])), Applied::Done);
    assert_eq!(late(prepare("t", [put(key, 1)])), Applied::Done);
    let Applied::Dropped { rows: 1, .. } = late(drop_tenant(1, Bytes::new())) else { panic!("one row goes") };
    for kind in [
        write([put(key, 1)]),
        prepare("u", [put(observation("x", "p"), 0)]),
        decide("u", true, None),
        finish("t", true),
        reserve("c", "a", 3_000),
        release("c", "a"),
        reindex(3, []),
        Kind::Forget(log::Forget { transactions: vec!["t".into()] }),
    ] {
        assert_eq!(late(kind), Applied::TenantEnded);
    }
    assert_eq!(f.apply(write([put(key, 0)])), Applied::Done, "another one's resource of that name");
    let index = f.partition.applied().index;
    drop_all(&f.partition, 2_000, 100);
    assert!(f.partition.applied().index > index && f.partition.prepared_count() == 0);
    assert_eq!(f.partition.get(OTHER, &key).unwrap(), None);
    assert!(f.partition.get(TENANT, &key).unwrap().is_some());
}

#[test]
fn the_default_tenant_never_ends() {
    let command = |tenant, rows_max| log::Command {
        time_ms: 1,
        tenant,
        kind: Some(drop_tenant(rows_max, Bytes::new())),
    };
    assert!(check(&command(2, 1)).is_ok());
    for bad in [command(1, 1), command(0, 1), command(2, 0)] {
        assert!(check(&bad).is_err());
    }
    let f = Fixture::new();
    assert!(matches!(f.apply(drop_tenant(1, Bytes::new())), Applied::Rejected { .. }));
}
