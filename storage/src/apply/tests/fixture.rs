//! Short ways to say commands.

use crate::{Applied, Change, Disk, Entry, EntryPayload, Partition, Store, Version};
use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TenantId, TypeCode};
use proto::log::v1::{self as log, command::Kind, mutation};
use std::sync::Arc;

pub const TENANT: TenantId = TenantId(1);
pub const PATIENT: TypeCode = TypeCode(103);
pub const OBSERVATION: TypeCode = TypeCode(90);

/// A partition in memory that is fed one command at a time.
pub struct Fixture {
    pub disk: Disk,
    pub partition: Arc<Partition>,
    pub time_ms: u64,
}

impl Fixture {
    pub fn new() -> Self {
        let disk = Disk::default();
        let partition = open(&disk);
        Fixture { disk, partition, time_ms: 1_000 }
    }

    pub fn reopen(&mut self) {
        self.partition = open(&self.disk);
    }

    pub fn apply(&self, kind: Kind) -> Applied {
        self.apply_with_changes(kind).0
    }

    pub fn apply_with_changes(&self, kind: Kind) -> (Applied, Vec<Change>) {
        let index = self.partition.applied().index + 1;
        self.partition.apply(&[entry(index, self.time_ms, kind)]).unwrap().pop().unwrap()
    }

    /// All versions, newest first.
    pub fn history(&self) -> Vec<Version> {
        self.partition.histories().unwrap().all(TENANT).unwrap()
    }

    /// Moves the index on, so that sweeps get their turn.
    pub fn pass(&self, entries: u64) {
        for _ in 0..entries {
            self.apply(Kind::Release(log::Release { criteria: "none".into(), holder: "none".into() }));
        }
    }
}

fn open(disk: &Disk) -> Arc<Partition> {
    Store::in_memory(disk).partition(PartitionId(1)).unwrap()
}

pub fn entry(index: u64, time_ms: u64, kind: Kind) -> Entry {
    let command = log::Command { time_ms, tenant: TENANT.0, kind: Some(kind) };
    Entry { index, term: 1, payload: EntryPayload::Command(command) }
}

pub fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

pub fn compartment(patient: &str) -> CompartmentKey {
    CompartmentKey::of(TENANT, PATIENT, id(patient))
}

pub fn observation(patient: &str, name: &str) -> ResourceKey {
    ResourceKey { compartment: compartment(patient), type_code: OBSERVATION, id: id(name) }
}

/// The key of an observation that is its compartment's own; its home is where [`locate`] puts its row.
pub fn own(name: &str) -> ResourceKey {
    CompartmentKey { slot: Slot(7), type_code: OBSERVATION, id: id(name) }.own()
}

/// The same, if no row under another key or the directory says that the resource is elsewhere.
pub fn unplaced(mut mutation: log::Mutation) -> log::Mutation {
    match &mut mutation.kind {
        Some(mutation::Kind::Put(put)) => put.unplaced = true,
        Some(mutation::Kind::Locate(locate)) => locate.unplaced = true,
        _ => panic!("only places are fenced so"),
    }
    mutation
}

pub fn version(number: u64, method: log::Method) -> log::Version {
    let body = if method == log::Method::Delete { Bytes::new() } else { format!("body {number}").into() };
    log::Version {
        version: number,
        last_updated_ms: 1_000 + number,
        method: method as i32,
        body,
        ..Default::default()
    }
}

/// The next version after `expected`: a create after 0.
pub fn put(key: ResourceKey, expected: u64) -> log::Mutation {
    let method = if expected == 0 { log::Method::Create } else { log::Method::Update };
    put_as(key, expected, version(expected + 1, method))
}

pub fn delete(key: ResourceKey, expected: u64) -> log::Mutation {
    put_as(key, expected, version(expected + 1, log::Method::Delete))
}

pub fn put_as(key: ResourceKey, expected: u64, version: log::Version) -> log::Mutation {
    let index_values = match version.body.is_empty() {
        true => Bytes::new(),
        false => format!("values {}", version.version).into(),
    };
    mutation(mutation::Kind::Put(log::Put {
        key: Some(key.into()),
        expected_version: expected,
        expected_content: None,
        version: Some(version),
        index_values,
        adopted: vec![],
        unplaced: false,
        generation: 0,
    }))
}

/// The same, if the version it follows is `held`.
pub fn after(mut mutation: log::Mutation, held: &log::Version) -> log::Mutation {
    let deleted = held.method == log::Method::Delete as i32;
    match &mut mutation.kind {
        Some(mutation::Kind::Put(put)) => {
            put.expected_content = Some(proto::content(held.last_updated_ms, deleted, &held.body));
        }
        _ => panic!("only puts are fenced so"),
    }
    mutation
}

/// The same with index values of a generation of search parameters.
pub fn of_generation(generation: u32, mut mutation: log::Mutation) -> log::Mutation {
    match &mut mutation.kind {
        Some(mutation::Kind::Put(put)) => put.generation = generation,
        _ => panic!("only puts have index values"),
    }
    mutation
}

/// Other index values for versions of rows.
pub fn reindex<const N: usize>(generation: u32, rows: [(ResourceKey, u64, &'static str); N]) -> Kind {
    let row = |(key, version, values): (ResourceKey, u64, &'static str)| log::Reindexed {
        key: Some(key.into()),
        version,
        index_values: values.into(),
    };
    Kind::Reindex(log::Reindex { generation, rows: rows.into_iter().map(row).collect() })
}

/// A resource that moves here as version `older + 1`, after `older` versions elsewhere.
pub fn adopt(key: ResourceKey, older: u64) -> log::Mutation {
    let mut moved = put_as(key, 0, version(older + 1, log::Method::Update));
    if let Some(mutation::Kind::Put(put)) = &mut moved.kind {
        put.adopted = (1..=older).map(|number| version(number, log::Method::Update)).collect();
    }
    moved
}

pub fn evict(key: ResourceKey, expected: u64) -> log::Mutation {
    mutation(mutation::Kind::Evict(log::Evict { key: Some(key.into()), expected_version: expected }))
}

pub fn locate(name: &str, to: Option<&str>, expected: Option<&str>) -> log::Mutation {
    mutation(mutation::Kind::Locate(log::Locate {
        home_slot: 7,
        type_code: u32::from(OBSERVATION.0),
        id: name.into(),
        compartment: to.map(|patient| compartment(patient).into()),
        expected: expected.map(|patient| compartment(patient).into()),
        unplaced: false,
    }))
}

fn mutation(kind: mutation::Kind) -> log::Mutation {
    log::Mutation { kind: Some(kind) }
}

pub fn write<const N: usize>(mutations: [log::Mutation; N]) -> Kind {
    Kind::Write(log::Write { mutations: mutations.to_vec(), ..Default::default() })
}

pub fn with_dedup(kind: Kind, key: &'static str, expires_ms: u64, response: &'static str) -> Kind {
    let Kind::Write(mut write) = kind else { panic!("only writes have a dedup key") };
    write.dedup =
        Some(log::Dedup { key: key.into(), expires_ms, response: response.into(), ..Default::default() });
    Kind::Write(write)
}

/// As another request, or the same one.
pub fn of_request(mut kind: Kind, fingerprint: u64) -> Kind {
    if let Kind::Write(log::Write { dedup: Some(dedup), .. }) = &mut kind {
        dedup.fingerprint = fingerprint;
    }
    kind
}

pub fn prepare<const N: usize>(transaction: &'static str, mutations: [log::Mutation; N]) -> Kind {
    Kind::Prepare(log::Prepare {
        transaction: transaction.into(),
        coordinator_partition: 9,
        mutations: mutations.to_vec(),
        deadline_ms: 5_000,
        releases: vec![],
    })
}

/// A transaction that rests on a reservation here and writes elsewhere.
pub fn prepare_held(transaction: &'static str, criteria: &'static str, holder: &'static str) -> Kind {
    let Kind::Prepare(mut message) = prepare(transaction, []) else { unreachable!() };
    message.releases.push(log::Release { criteria: criteria.into(), holder: holder.into() });
    Kind::Prepare(message)
}

pub fn finish(transaction: &'static str, commit: bool) -> Kind {
    Kind::Finish(log::Finish { transaction: transaction.into(), commit, quiet: false })
}

pub fn decide(transaction: &'static str, commit: bool, own: Option<Kind>) -> Kind {
    let write = own.map(|kind| match kind {
        Kind::Write(write) => write,
        _ => panic!("the coordinator's part is a write"),
    });
    let transaction = transaction.into();
    Kind::Decide(log::Decide { transaction, commit, write, participants: vec![2, 3], quiet: false })
}

pub fn reserve(criteria: &'static str, holder: &'static str, expires_ms: u64) -> Kind {
    Kind::Reserve(log::Reserve { criteria: criteria.into(), holder: holder.into(), expires_ms })
}

pub fn release(criteria: &'static str, holder: &'static str) -> Kind {
    Kind::Release(log::Release { criteria: criteria.into(), holder: holder.into() })
}

/// A write that rests on a reservation.
pub fn giving_back(criteria: &'static str, holder: &'static str) -> Kind {
    let releases = vec![log::Release { criteria: criteria.into(), holder: holder.into() }];
    Kind::Write(log::Write { releases, ..Default::default() })
}
