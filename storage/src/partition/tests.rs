//! A replica that takes in the rows of another is as that one was.

use crate::apply::tests::{fixture::*, property};
use crate::{AppliedState, Change, Disk, Entry, Error, Options, Partition, Store};
use bytes::Bytes;
use proptest::prelude::*;
use proto::id::PartitionId;
use std::sync::Arc;

const P: PartitionId = PartitionId(1);

/// All chunks, and how far the exporter said it is; `meanwhile` happens once the view is taken.
fn exported(from: &Partition, chunk_bytes: usize, meanwhile: impl FnOnce()) -> (AppliedState, Vec<Bytes>) {
    let (mut state, mut chunks) = (AppliedState::default(), vec![]);
    let begin = |applied: &AppliedState| {
        state = applied.clone();
        meanwhile();
    };
    let mut keep = |chunk| {
        chunks.push(chunk);
        true
    };
    assert!(from.export(chunk_bytes, begin, &mut keep).unwrap());
    (state, chunks)
}

fn install(to: &Partition, chunks: &[Bytes]) -> crate::Result<()> {
    let mut import = to.import()?;
    chunks.iter().try_for_each(|chunk| import.put(chunk))?;
    to.install(import)
}

fn feed(partition: &Partition) -> Vec<(crate::FeedPosition, Change)> {
    partition.feed(0).unwrap().map(|change| change.unwrap()).collect()
}

fn locks(partition: &Partition) -> Vec<Option<crate::Lock>> {
    let names = property::NAMES.iter();
    let own = names.clone().map(|name| own(name));
    let of = |patient: &&'static str| property::NAMES.map(|name| observation(patient, name));
    own.chain(property::PATIENTS.iter().flat_map(of)).map(|key| partition.lock_of(TENANT, &key)).collect()
}

fn assert_same(one: &Partition, other: &Partition) {
    assert_eq!(property::dump(one), property::dump(other));
    assert_eq!(one.digest().unwrap(), other.digest().unwrap());
    assert_eq!(one.applied(), other.applied());
    assert_eq!(feed(one), feed(other));
    assert_eq!((one.prepared_count(), locks(one)), (other.prepared_count(), locks(other)));
}

/// Two nodes; `open` opens one of them, after a crash if it was open.
fn check(open: &dyn Fn(usize) -> Arc<Partition>, entries: &[Entry], cuts: [usize; 2], chunk_bytes: usize) {
    let (exported_at, behind) = (cuts[0].max(cuts[1]), cuts[0].min(cuts[1]));
    let (a, b) = (open(0), open(1));
    // Which may hold more than memory: rows of the exporter are in files too.
    property::apply(&a, &entries[..behind]);
    a.flush().unwrap();
    property::apply(&a, &entries[behind..exported_at]);
    property::apply(&b, &entries[..behind / 2]);
    b.flush().unwrap();
    property::apply(&b, &entries[behind / 2..behind]);
    let as_it_was = Fixture::new();
    property::apply(&as_it_was.partition, &entries[..exported_at]);

    let (state, chunks) = exported(&a, chunk_bytes, || drop(property::apply(&a, &entries[exported_at..])));
    assert_eq!(state, as_it_was.partition.applied());
    install(&b, &chunks).unwrap();
    assert_same(&b, &as_it_was.partition);
    assert_eq!(b.durable_index().unwrap(), exported_at as u64);
    drop(b);
    let b = open(1);
    assert_same(&b, &as_it_was.partition);
    property::apply(&b, &entries[exported_at..]);
    assert_same(&b, &a);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_replica_is_as_the_exporter_was(
        entries in property::entries(), a in 1..60_usize, b in 0..60_usize, chunk_bytes in 1..4000_usize
    ) {
        let cuts = [a.min(entries.len()), b.min(entries.len())];
        let disks = [Disk::default(), Disk::default()];
        let open = |node: usize| {
            disks[node].crash();
            Store::in_memory(&disks[node]).partition(P).unwrap()
        };
        check(&open, &entries, cuts, chunk_bytes);
    }
}

proptest! {
    // Each case opens three databases.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn on_disk_it_is_too(
        entries in property::entries(), a in 1..60_usize, b in 0..60_usize, chunk_bytes in 1..4000_usize
    ) {
        let cuts = [a.min(entries.len()), b.min(entries.len())];
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let open = |node: usize| {
            Store::open(dirs[node].path(), &Options::default()).unwrap().partition(P).unwrap()
        };
        check(&open, &entries, cuts, chunk_bytes);
    }
}

/// Some rows, and a transaction that holds one of them.
fn source() -> Fixture {
    let f = Fixture::new();
    for name in ["a", "b", "c"] {
        f.apply(write([put(own(name), 0)]));
    }
    f.apply(prepare("t", [put(own("a"), 1)]));
    f
}

#[test]
fn chunks_are_about_as_large_as_they_should_be() {
    let f = source();
    let rows = property::dump(&f.partition);
    let lengths = rows.iter().map(|(key, value)| 8 + key.len() + value.len());
    let (largest, total) = (lengths.clone().max().unwrap(), lengths.sum::<usize>());
    let headers = |chunks: &[Bytes]| 18 * chunks.len();
    let (_, one) = exported(&f.partition, 1 << 20, || ());
    assert_eq!((one.len(), one[0].len()), (1, total + headers(&one)));
    let (_, many) = exported(&f.partition, 100, || ());
    let (last, full) = many.split_last().unwrap();
    assert!(full.len() > 3 && last.len() < 100 + largest);
    assert!(full.iter().all(|chunk| (100..100 + largest).contains(&chunk.len())));
    assert_eq!(many.iter().map(Bytes::len).sum::<usize>(), total + headers(&many));
}

#[test]
fn an_export_ends_when_its_reader_has_enough() {
    let f = source();
    let mut shown = 0;
    let mut two = |_| {
        shown += 1;
        shown < 2
    };
    assert!(!f.partition.export(100, |_| (), &mut two).unwrap());
    assert!(!f.partition.export(1 << 20, |_| (), &mut |_| false).unwrap());
    assert_eq!(shown, 2);
}

#[test]
fn what_is_not_whole_or_not_newer_is_refused_and_nothing_changes() {
    let f = source();
    let (_, chunks) = exported(&f.partition, 200, || ());
    let other = Fixture::new();
    other.apply(write([put(own("z"), 0)]));
    let before = property::dump(&other.partition);
    let refused = |chunks: &[Bytes]| {
        let refused = install(&other.partition, chunks);
        assert!(matches!(refused, Err(Error::Corrupt { table: "snapshot", .. })), "{refused:?}");
        assert_eq!(property::dump(&other.partition), before);
        assert_eq!(other.partition.applied().index, 1);
    };
    refused(&[]);
    refused(&chunks[1..]);
    refused(&chunks[..chunks.len() - 1]);
    refused(&[&chunks[..1], &chunks[2..]].concat());
    refused(&[&chunks[..1], &chunks[..]].concat());
    refused(&[&chunks[..], &chunks[chunks.len() - 1..]].concat());
    refused(&exported(&Fixture::new().partition, 200, || ()).1);
    f.pass(1);
    let (_, later) = exported(&f.partition, 200, || ());
    refused(&[&chunks[..1], &later[1..]].concat());

    // One that is damaged is told from others, and may come again.
    let mut import = other.partition.import().unwrap();
    let mut damaged = chunks[0].to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let told = import.put(&damaged.into()).unwrap_err();
    assert!(told.to_string().contains("damaged on its way"), "{told}");
    chunks.iter().for_each(|chunk| import.put(chunk).unwrap());
    other.pass(4);
    let refused = other.partition.install(import);
    assert!(matches!(refused, Err(Error::OutOfOrder { index: 4, applied: 5 })), "{refused:?}");
    assert!(other.partition.get(TENANT, &own("z")).unwrap().is_some());
    install(&other.partition, &later).unwrap();
    assert_same(&other.partition, &f.partition);
}

#[test]
#[should_panic(expected = "for the partition that began it")]
fn an_import_of_another_partition_is_a_mistake() {
    let (one, other) = (source(), source());
    let _ = one.partition.install(other.partition.import().unwrap());
}

#[test]
fn views_of_before_keep_the_rows_of_before() {
    let (mut f, g) = (Fixture::new(), source());
    f.apply(write([put(own("old"), 0)]));
    let histories = f.partition.histories().unwrap();
    install(&f.partition, &exported(&g.partition, 200, || ()).1).unwrap();
    assert_eq!((histories.applied_index(), histories.all(TENANT).unwrap().len()), (1, 1));
    drop(histories);
    assert_eq!(f.history(), g.history());
    f.disk.crash();
    f.reopen();
    assert_same(&f.partition, &g.partition);
}

/// Older programs would not find the rows.
#[test]
fn the_folder_tells_older_programs_that_rows_were_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let format = || std::fs::read_to_string(dir.path().join("FORMAT")).unwrap();
    let partition = Store::open(dir.path(), &Options::default()).unwrap().partition(P).unwrap();
    let chunks = exported(&source().partition, 200, || ()).1;
    assert_eq!(format(), "salamander data 1\n");
    install(&partition, &chunks).unwrap();
    assert_eq!(format(), "salamander data 2\n");
    drop(partition);
    let partition = Store::open(dir.path(), &Options::default()).unwrap().partition(P).unwrap();
    install(&partition, &chunks).unwrap();
    assert_same(&partition, &source().partition);
}

#[test]
fn a_cleared_partition_is_as_a_new_one_and_takes_in_rows_again() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    let stores: [Box<dyn Fn() -> Store>; 2] = [
        Box::new(|| Store::open(dir.path(), &Options::default()).unwrap()),
        Box::new(|| {
            disk.crash();
            Store::in_memory(&disk)
        }),
    ];
    for open in stores {
        let other = source();
        let (_, chunks) = exported(&other.partition, 200, || ());
        let partition = open().partition(P).unwrap();
        install(&partition, &chunks).unwrap();
        assert!(partition.lock_of(TENANT, &own("a")).is_some());
        partition.clear().unwrap();
        let new = Fixture::new();
        assert_same(&partition, &new.partition);
        assert_eq!((partition.durable_index().unwrap(), partition.applied()), (0, AppliedState::default()));
        drop(partition);
        let partition = open().partition(P).unwrap();
        assert_same(&partition, &new.partition);
        install(&partition, &chunks).unwrap();
        assert_same(&partition, &other.partition);
    }
}

/// Two partitions with the same rows and other logs have the same tally, and one row more is told.
#[test]
fn a_tally_is_of_the_rows_and_not_of_the_log() {
    let (f, other) = (source(), source());
    other.partition.apply(&[Entry { index: 90, term: 7, payload: crate::EntryPayload::Blank }]).unwrap();
    let tally = |partition: &Partition, chunk_bytes| {
        let mut tally = crate::Tally::default();
        let chunks = exported(partition, chunk_bytes, || ()).1;
        chunks.iter().for_each(|chunk| {
            assert!(!tally.is_complete());
            tally.see(chunk).unwrap();
        });
        assert!(tally.is_complete() && tally.see(&chunks[0]).is_err());
        (tally.rows, tally.bytes, tally.checksum, tally.resources_total())
    };
    let one = tally(&f.partition, 1);
    assert_eq!(one, tally(&f.partition, 1 << 20), "however it is cut");
    assert_eq!(one, tally(&other.partition, 100));
    assert_eq!(one.3, 3);
    f.apply(write([put(own("d"), 0)]));
    let more = tally(&f.partition, 100);
    assert!(more.0 > one.0 && more.1 > one.1 && more.2 != one.2 && more.3 == 4);
}
