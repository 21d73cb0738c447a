//! Random histories with moves, transactions over partitions and clocks that disagree, read in pages of random sizes by
//! readers that start at any time: each gets exactly what there was when it began, newest first.

use super::{
    cursor::{Cursor, Moment},
    pages::{Asked, Found, merged, page, views},
};
use crate::partition::adopted;
use proptest::prelude::*;
use proto::{
    CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TenantId, TypeCode,
    log::v1::{self as log, command::Kind, mutation},
};
use std::{collections::BTreeMap, sync::Arc};
use storage::{Applied, Disk, Entry, EntryPayload, HistoryPlace, Partition, Store, Version};

const TENANT: TenantId = TenantId(1);
const PARTITIONS: u16 = 3;
const PATIENT: TypeCode = TypeCode(103);
const TYPES: [TypeCode; 2] = [TypeCode(90), PATIENT];
const IDS: usize = 5;

#[derive(Clone, Debug)]
enum Act {
    /// One transaction writes these resources, each at a time of its own; a bit says: delete it.
    Write { resources: Vec<(usize, bool)>, time_ms: u64 },
    /// The resource goes to another place, with a new version.
    Move { resource: usize, to: usize, time_ms: u64 },
    /// A reader starts.
    Open { type_code: Option<usize>, since_ms: u64 },
    /// A reader takes its next page.
    Read { reader: usize, limit: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let resource = || 0..IDS * TYPES.len();
    // Few times: most versions share theirs with others.
    let time_ms = || 1_u64..12;
    prop_oneof![
        6 => (prop::collection::vec((resource(), prop::bool::weighted(0.2)), 1..4), time_ms())
            .prop_map(|(resources, time_ms)| Act::Write { resources, time_ms }),
        2 => (resource(), 0..6_usize, time_ms())
            .prop_map(|(resource, to, time_ms)| Act::Move { resource, to, time_ms }),
        2 => (prop::option::of(0..TYPES.len()), prop_oneof![Just(0), 1_u64..12])
            .prop_map(|(type_code, since_ms)| Act::Open { type_code, since_ms }),
        8 => (0..64_usize, 1..5_usize).prop_map(|(reader, limit)| Act::Read { reader, limit }),
    ]
}

/// A current version.
#[derive(Clone, Copy)]
struct Held {
    key: ResourceKey,
    version: u64,
    last_updated_ms: u64,
}

struct Reader {
    asked: Asked,
    cursor: Option<Cursor>,
    expected: Vec<HistoryPlace>,
    read: Vec<HistoryPlace>,
    ended: bool,
}

struct World {
    tables: Vec<Arc<Partition>>,
    held: BTreeMap<usize, Held>,
    all: Vec<HistoryPlace>,
    readers: Vec<Reader>,
}

impl World {
    fn new() -> Self {
        let store = Store::in_memory(&Disk::default());
        let tables = (1..=PARTITIONS).map(|number| store.partition(PartitionId(number)).unwrap()).collect();
        World { tables, held: BTreeMap::new(), all: vec![], readers: vec![] }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Write { resources, time_ms } => self.write(resources, *time_ms),
            Act::Move { resource, to, time_ms } => self.move_to(*resource, *to, *time_ms),
            Act::Open { type_code, since_ms } => self.open(type_code.map(|at| TYPES[at]), *since_ms),
            Act::Read { reader, limit } => {
                let open: Vec<usize> =
                    (0..self.readers.len()).filter(|at| !self.readers[*at].ended).collect();
                if !open.is_empty() {
                    self.read(open[reader % open.len()], *limit);
                }
            }
        }
    }

    /// Partition by partition: each applies its part in an entry of its own.
    fn write(&mut self, resources: &[(usize, bool)], time_ms: u64) {
        let mut parts: BTreeMap<usize, Vec<log::Mutation>> = BTreeMap::new();
        for (resource, delete) in resources {
            let (key, current) = match self.held.get(resource) {
                Some(held) => (held.key, Some(*held)),
                None => (key_at(*resource, *resource), None),
            };
            let next = self.next(*resource, key, current, time_ms);
            let delete = *delete && current.is_some();
            let put = put(&next, current.map_or(0, |current| current.version), delete, vec![]);
            parts.entry(partition_of(&key)).or_default().push(put);
        }
        for (partition, mutations) in parts {
            self.apply(partition, mutations);
        }
    }

    fn move_to(&mut self, resource: usize, to: usize, time_ms: u64) {
        let Some(current) = self.held.get(&resource).copied() else { return };
        let key = key_at(resource, to);
        if key == current.key {
            return;
        }
        let (from, to) = (partition_of(&current.key), partition_of(&key));
        let number = PartitionId(from as u16 + 1);
        let adopted = adopted(&self.tables[from], number, TENANT, &current.key).unwrap();
        let next = self.next(resource, key, Some(current), time_ms);
        let evict = log::Evict { key: Some(current.key.into()), expected_version: current.version };
        let evict = log::Mutation { kind: Some(mutation::Kind::Evict(evict)) };
        let put = put(&next, 0, false, adopted);
        match from == to {
            true => self.apply(from, vec![put, evict]),
            false => {
                self.apply(from, vec![evict]);
                self.apply(to, vec![put]);
            }
        }
    }

    fn next(&mut self, resource: usize, key: ResourceKey, current: Option<Held>, time_ms: u64) -> Held {
        // Clocks of different leaders disagree; time never runs backwards inside a resource.
        let last_updated_ms = time_ms.max(current.map_or(0, |current| current.last_updated_ms));
        let version = current.map_or(0, |current| current.version) + 1;
        let next = Held { key, version, last_updated_ms };
        self.held.insert(resource, next);
        self.all.push(HistoryPlace { last_updated_ms, type_code: key.type_code, id: key.id, version });
        next
    }

    fn apply(&self, partition: usize, mutations: Vec<log::Mutation>) {
        let table = &self.tables[partition];
        let kind = Kind::Write(log::Write { mutations, ..Default::default() });
        let command = log::Command { time_ms: 1, tenant: TENANT.0, kind: Some(kind) };
        let payload = EntryPayload::Command(command);
        let applied = table.apply(&[Entry { index: table.applied().index + 1, term: 1, payload }]).unwrap();
        assert_eq!(applied[0].0, Applied::Done);
    }

    fn open(&mut self, type_code: Option<TypeCode>, since_ms: u64) {
        let wanted = |place: &&HistoryPlace| {
            place.last_updated_ms >= since_ms && type_code.is_none_or(|only| only == place.type_code)
        };
        let mut expected: Vec<HistoryPlace> = self.all.iter().filter(wanted).copied().collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        let asked = Asked { tenant: TENANT, type_code, since_ms, limit: 1 };
        self.readers.push(Reader { asked, cursor: None, expected, read: vec![], ended: false });
        // Its moment is that of its first page.
        self.read(self.readers.len() - 1, 1);
    }

    fn read(&mut self, reader: usize, limit: usize) {
        let numbered = self.tables.iter().enumerate();
        let replicas: Vec<_> =
            numbered.map(|(at, table)| (PartitionId(at as u16 + 1), table.clone())).collect();
        let views = views(&replicas).unwrap();
        let reader = &mut self.readers[reader];
        reader.asked.limit = limit;
        let (after, moment) = match reader.cursor.take() {
            Some(Cursor { last, moment }) => (Some(last), moment),
            None => (None, Moment(views.iter().map(|(_, view)| view.applied_index()).collect())),
        };
        let found = page(&views, &reader.asked, after.as_ref(), &moment).unwrap();
        let places = |found: &Found| found.versions.iter().map(Version::place).collect::<Vec<_>>();
        // Nodes that hold some of the partitions each come to the same page together.
        let (one, other) = views.split_at(limit % views.len());
        let shares = [one, other].map(|share| page(share, &reader.asked, after.as_ref(), &moment).unwrap());
        let together = merged(shares.into(), limit);
        assert_eq!((places(&together), together.more), (places(&found), found.more));
        reader.read.extend(places(&found));
        reader.ended = !found.more;
        if let Some(last) = found.versions.last().map(Version::place) {
            // As a client does: through the text of a link.
            let text = Cursor { last, moment }.to_string();
            reader.cursor = Some(Cursor::parse(&text, usize::from(PARTITIONS)).unwrap());
        }
    }

    fn finish(&mut self) {
        for reader in 0..self.readers.len() {
            while !self.readers[reader].ended {
                self.read(reader, 3);
            }
            assert_eq!(self.readers[reader].read, self.readers[reader].expected);
        }
    }
}

/// A resource at one of several places, in one of the partitions.
fn key_at(resource: usize, place: usize) -> ResourceKey {
    let compartment = CompartmentKey {
        slot: Slot((place % 6) as u16),
        type_code: PATIENT,
        id: id(&format!("p{}", place % 6)),
    };
    ResourceKey { compartment, type_code: TYPES[resource % 2], id: id(&format!("r{}", resource / 2)) }
}

fn partition_of(key: &ResourceKey) -> usize {
    usize::from(key.compartment.slot.0 % PARTITIONS)
}

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn put(next: &Held, expected_version: u64, delete: bool, adopted: Vec<log::Version>) -> log::Mutation {
    let method = if delete { log::Method::Delete } else { log::Method::Update };
    let body = if delete { "" } else { "{}" };
    let version = log::Version {
        version: next.version,
        last_updated_ms: next.last_updated_ms,
        method: method as i32,
        body: body.into(),
        ..Default::default()
    };
    let put = log::Put {
        key: Some(next.key.into()),
        expected_version,
        version: Some(version),
        index_values: body.into(),
        adopted,
        ..log::Put::default()
    };
    log::Mutation { kind: Some(mutation::Kind::Put(put)) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn pages_are_cuts_of_what_there_was_at_the_first(acts in prop::collection::vec(act(), 1..80)) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
        world.open(None, 0);
        world.finish();
    }
}
