//! CPU time of applying 2 KB creates and of point reads, on RocksDB in a temporary folder. Run with `cargo bench`.

use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use proto::log::v1 as log;
use std::hint::black_box;
use storage::{Entry, EntryPayload, Options, Partition, Store};

const TENANT: TenantId = TenantId(1);
const CREATES: u64 = 40_000;
const BODY_BYTES: usize = 2_048;

fn main() -> storage::Result<()> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(dir.path(), &Options::default())?;
    for (number, slice) in [(1, 1), (2, 8), (3, 64)] {
        let partition = store.partition(PartitionId(number))?;
        let entries: Vec<_> = (1..=CREATES).map(create).collect();
        let took = cpu_us(|| entries.chunks(slice).try_for_each(|slice| partition.apply(slice).map(drop)))?;
        println!("apply, slices of {slice:2}: {:6.2} CPU us per create", took / CREATES as f64);
        reads(&partition, "memory and files")?;
    }
    store.flush()?;
    reads(&*store.partition(PartitionId(3))?, "files only")
}

fn reads(partition: &Partition, from: &str) -> storage::Result<()> {
    let took = cpu_us(|| {
        for number in 1..=CREATES {
            // A stride that is prime to the count visits all in a scattered order.
            let found = partition.get(TENANT, &key(number * 7_919 % CREATES + 1))?;
            assert_eq!(black_box(found).map(|version| version.body.len()), Some(BODY_BYTES));
        }
        Ok(())
    })?;
    println!("get, {from}: {:6.2} CPU us", took / CREATES as f64);
    Ok(())
}

fn key(number: u64) -> ResourceKey {
    let patient = ResourceId::parse(&format!("patient-{}", number / 100)).expect("a valid id");
    let compartment = CompartmentKey::of(TENANT, TypeCode(103), patient);
    let id = ResourceId::parse(&format!("0123456789abcdefgh{number:08}")).expect("a valid id");
    ResourceKey { compartment, type_code: TypeCode(90), id }
}

fn create(number: u64) -> Entry {
    let version = log::Version {
        version: 1,
        last_updated_ms: number,
        method: log::Method::Create as i32,
        body: body(number).into(),
        ..Default::default()
    };
    let put = log::Put {
        key: Some(key(number).into()),
        version: Some(version),
        index_values: vec![7; 300].into(),
        ..Default::default()
    };
    let dedup = log::Dedup {
        key: number.to_be_bytes().to_vec().into(),
        expires_ms: u64::MAX,
        response: vec![1; 40].into(),
        fingerprint: number,
    };
    let mutations = vec![log::Mutation { kind: Some(log::mutation::Kind::Put(put)) }];
    let write = log::Write { mutations, dedup: Some(dedup), releases: vec![] };
    let kind = Some(log::command::Kind::Write(write));
    Entry {
        index: number,
        term: 1,
        payload: EntryPayload::Command(log::Command { time_ms: number, tenant: 1, kind }),
    }
}

/// Half noise, half repetition: compresses about as well as JSON does.
fn body(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..BODY_BYTES).map(|place| if place % 16 < 4 { noise() } else { b'a' + (place % 16) as u8 }).collect()
}

/// User and system time of the whole process, background flushes and compactions included.
fn cpu_us(run: impl FnOnce() -> storage::Result<()>) -> storage::Result<f64> {
    let before = process_us();
    run()?;
    Ok(process_us() - before)
}

fn process_us() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after_name = stat.rsplit(')').next().expect("a name in brackets");
    let ticks: Vec<u64> =
        after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse().ok()).collect();
    // USER_HZ is 100 on every Linux there is.
    ticks.iter().sum::<u64>() as f64 * 10_000.0
}
