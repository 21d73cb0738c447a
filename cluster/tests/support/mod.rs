//! A node's groups on a folder, or in memory.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod network;
pub mod placed;
pub mod seen;
pub mod shim;
pub mod tapped;
pub mod world;

use bytes::Bytes;
use cluster::{Answer, Cluster, DiskFolder, Entropy, Error, Group, Nowhere, Observer, Options, Parts};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use proto::log::v1 as log;
use proto::{CompartmentKey, PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::log::{LogStore, Wal};
use storage::{Change, Store, Version};
use tokio::sync::Notify;

pub const TENANT: TenantId = TenantId(1);

/// Remembers what it heard.
#[derive(Default)]
pub struct Heard {
    pub applied: Mutex<Vec<(PartitionId, u64, Vec<Change>)>>,
    pub leaders: Mutex<Vec<(PartitionId, bool)>>,
    pub replaced: Mutex<Vec<PartitionId>>,
    pub vacated: Mutex<Vec<PartitionId>>,
    /// Partitions whose observer takes its time: until it is notified.
    pub held: Mutex<BTreeMap<PartitionId, Arc<Notify>>>,
    /// Compares replicas with each other, where there are several.
    pub seen: Option<seen::Seen>,
}

impl Observer for Heard {
    fn applied<'a>(&'a self, partition: PartitionId, index: u64, changes: &'a [Change]) -> BoxFuture<'a, ()> {
        self.applied.lock().push((partition, index, changes.to_vec()));
        self.seen.iter().for_each(|seen| seen.applied(partition, index));
        let held = self.held.lock().get(&partition).cloned();
        Box::pin(async move {
            if let Some(held) = held {
                held.notified().await;
            }
        })
    }
    fn showing(&self) -> Box<dyn Send> {
        Box::new(())
    }

    fn replaced(&self, partition: PartitionId) -> BoxFuture<'_, std::io::Result<()>> {
        self.replaced.lock().push(partition);
        self.seen.iter().for_each(|seen| seen.replaced(partition));
        Box::pin(async { Ok(()) })
    }
    fn vacated(&self, partition: PartitionId) -> BoxFuture<'_, std::io::Result<()>> {
        self.vacated.lock().push(partition);
        Box::pin(async { Ok(()) })
    }
    fn asked(&self, request: Bytes) -> Answer {
        Box::pin(async move { Ok(request) })
    }
    fn leadership(&self, partition: PartitionId, leader: bool) {
        self.leaders.lock().push((partition, leader));
    }
}

pub struct Node {
    pub cluster: Cluster,
    pub store: Arc<Store>,
    pub log: Arc<dyn LogStore>,
    pub heard: Arc<Heard>,
}

pub fn options(dir: &Path) -> Options {
    Options {
        partitions: 4,
        disk_reserve_bytes: 0,
        maintenance: Duration::from_millis(20),
        ..Options::new(dir)
    }
}

pub async fn start(options: Options, store: Arc<Store>, log: Arc<dyn LogStore>) -> Result<Node, Error> {
    let heard = Arc::new(Heard::default());
    let parts = Parts {
        store: store.clone(),
        log: log.clone(),
        folder: Arc::new(DiskFolder::open(&options.dir)?),
        observer: heard.clone(),
        transport: Arc::new(Nowhere),
        entropy: Entropy::system(),
    };
    let cluster = Cluster::start(options, parts).await?;
    Ok(Node { cluster, store, log, heard })
}

/// On a folder, with the log's default sizes.
pub async fn open(options: Options) -> Result<Node, Error> {
    let dir = options.dir.clone();
    let store = Arc::new(Store::open(&dir, &storage::Options::default())?);
    let log = Arc::new(Wal::open(&dir.join("log"), &storage::log::Options::default()).unwrap());
    start(options, store, log).await
}

pub fn key(name: &str) -> ResourceKey {
    CompartmentKey::of(TENANT, TypeCode(103), ResourceId::parse(name).unwrap()).own()
}

/// A Put of `version` of the resource `name`.
pub fn put(name: &str, version: u64, body: &Bytes) -> log::Command {
    let put = log::Put {
        key: Some(key(name).into()),
        expected_version: version - 1,
        version: Some(log::Version {
            version,
            last_updated_ms: 1_700_000_000_000 + version,
            method: if version == 1 { log::Method::Create } else { log::Method::Update } as i32,
            body: body.clone(),
            ..Default::default()
        }),
        index_values: Bytes::from_static(b"\x01"),
        ..log::Put::default()
    };
    let mutation = log::Mutation { kind: Some(log::mutation::Kind::Put(put)) };
    let write = log::Write { mutations: vec![mutation], ..log::Write::default() };
    log::Command {
        time_ms: 1_700_000_000_000,
        tenant: TENANT.0,
        kind: Some(log::command::Kind::Write(write)),
    }
}

impl Node {
    pub fn group_of(&self, name: &str) -> &Arc<Group> {
        let partition = self.cluster.map().partition_of(key(name).compartment.slot);
        self.cluster.group(partition).unwrap()
    }

    pub fn version_of(&self, name: &str) -> Option<u64> {
        let found = self.group_of(name).partition().get(TENANT, &key(name)).unwrap();
        found.map(|version| version.version)
    }

    /// All versions of all partitions with bodies and log indexes, newest first.
    pub fn histories(&self) -> Vec<Vec<Version>> {
        let history = |group: &Arc<Group>| group.partition().histories().unwrap().all(TENANT).unwrap();
        self.cluster.groups().iter().map(history).collect()
    }
}
