//! The node of a test, and short words for what it is asked.

use crate::{
    budget::Budget,
    cli::options::engine,
    clock::Clock,
    config::Config,
    open::Parts,
    service::FhirService,
    service::Node,
    session::{Context, Session},
};
use bytes::Bytes;
use fhir::definitions::ResourceType;
use parking_lot::Mutex;
use proto::{CompartmentKey, Error, ResourceId, ResourceKey, TenantId, TypeCode, api::v1::*};
use std::{io, ops::Range, sync::Arc};
use storage::log::{Done, Health, LogStore, MemoryLog, State, Stats};
use tokio::sync::watch;

/// Syncs every operation at once, or none while it is held.
pub struct HeldLog {
    log: MemoryLog,
    held: Mutex<bool>,
    appended: watch::Sender<u64>,
}

impl HeldLog {
    /// From now on nothing becomes durable.
    pub fn hold(&self) {
        *self.held.lock() = true;
    }

    /// Everything becomes durable, now and from now on.
    pub fn release(&self) {
        *self.held.lock() = false;
        self.log.sync();
    }

    /// Appends so far; a test waits for the next one by it.
    pub fn appends(&self) -> watch::Receiver<u64> {
        self.appended.subscribe()
    }

    fn after(&self) {
        if !*self.held.lock() {
            self.log.sync();
        }
    }
}

impl LogStore for HeldLog {
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done) {
        self.log.append(group, entries, done);
        self.appended.send_modify(|appended| *appended += 1);
        self.after();
    }
    fn save_vote(&self, group: u32, vote: Bytes, done: Done) {
        self.log.save_vote(group, vote, done);
        self.after();
    }
    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done) {
        self.log.truncate_after(group, index, done);
        self.after();
    }
    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes) {
        self.log.purge_upto(group, index, log_id);
    }
    fn forget(&self, group: u32, vote: Bytes, done: Done) {
        self.log.forget(group, vote, done);
        self.after();
    }
    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>> {
        self.log.read(group, range)
    }
    fn recent(&self, group: u32, range: Range<u64>) -> Option<Vec<(u64, Bytes)>> {
        self.log.recent(group, range)
    }
    fn state(&self, group: u32) -> State {
        self.log.state(group)
    }
    fn group_bytes(&self, group: u32) -> u64 {
        self.log.group_bytes(group)
    }
    fn pinning(&self) -> Vec<u32> {
        self.log.pinning()
    }
    fn health(&self) -> Health {
        self.log.health()
    }
    fn stats(&self) -> Stats {
        self.log.stats()
    }
    fn close(&self) {
        self.log.close();
    }
}

/// A node on a folder of its own.
pub struct TestNode {
    pub node: Node,
    pub log: Arc<HeldLog>,
    pub context: Context,
    _dir: tempfile::TempDir,
}

/// What a node of a test may use.
pub const BUDGET: Budget = Budget { total: 256 << 20, origin: "a test" };

impl TestNode {
    /// A new one, with the configuration's defaults.
    pub async fn start() -> TestNode {
        TestNode::open(Config::default(), Clock::default()).await
    }

    /// A new one, on a folder of its own whatever the configuration says.
    pub async fn open(mut config: Config, clock: Clock) -> TestNode {
        let dir = tempfile::tempdir().unwrap();
        config.node.data = dir.path().to_owned();
        let options = engine(&BUDGET.fill(config));
        let log = Arc::new(HeldLog {
            log: MemoryLog::manual(),
            held: Mutex::new(false),
            appended: watch::Sender::new(0),
        });
        let held: Arc<dyn LogStore> = log.clone();
        let parts = Parts { log: held, clock, ..Parts::open(&options, Arc::new(cluster::Nowhere)).unwrap() };
        let node = Node::of(options, parts).await.unwrap();
        let context = Context {
            tenant: TenantId::DEFAULT,
            request_id: "test".into(),
            trace: None,
            deadline: None,
            base: None,
            stale: None,
            share: Default::default(),
        };
        TestNode { node, log, context, _dir: dir }
    }

    /// What its caller works with.
    pub fn session(&self) -> Session<'_> {
        self.node.session(&self.context)
    }

    /// `PUT` of a body that names its type and id.
    pub async fn put(&self, body: &str) -> Result<WriteResponse, Error> {
        self.put_with(body, |_| {}).await
    }

    /// The same, with headers.
    pub async fn put_with(
        &self,
        body: &str,
        with: impl FnOnce(&mut UpdateRequest),
    ) -> Result<WriteResponse, Error> {
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        let mut request = UpdateRequest {
            resource_type: text("resourceType"),
            id: text("id"),
            body: Bytes::copy_from_slice(body.as_bytes()),
            ..Default::default()
        };
        with(&mut request);
        self.node.update(&self.context, request).await
    }

    /// `DELETE Type/id`, under an idempotency key unless that is empty.
    pub async fn delete(&self, resource_type: &str, id: &str, key: &str) -> Result<WriteResponse, Error> {
        let request = DeleteRequest {
            resource_type: resource_type.into(),
            id: id.into(),
            idempotency_key: key.into(),
            ..Default::default()
        };
        self.node.delete(&self.context, request).await
    }

    /// A JSON merge patch of `Type/id`, under an idempotency key unless that is empty.
    pub async fn merge(&self, name: &str, patch: &str, key: &str) -> Result<WriteResponse, Error> {
        let (resource_type, id) = name.split_once('/').unwrap();
        let request = PatchRequest {
            resource_type: resource_type.into(),
            id: id.into(),
            kind: PatchKind::Merge as i32,
            body: Bytes::copy_from_slice(patch.as_bytes()),
            idempotency_key: key.into(),
            ..Default::default()
        };
        self.node.patch(&self.context, request).await
    }

    /// `POST Type`, under an idempotency key unless that is empty, with criteria unless those are.
    pub async fn post(&self, body: &str, criteria: &str, key: &str) -> Result<WriteResponse, Error> {
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        let request = CreateRequest {
            resource_type: json["resourceType"].as_str().unwrap().into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            if_none_exist: criteria.into(),
            idempotency_key: key.into(),
        };
        self.node.create(&self.context, request).await
    }

    /// `GET Type/id`.
    pub async fn get(&self, name: &str) -> Result<ReadResponse, Error> {
        let (resource_type, id) = name.split_once('/').unwrap();
        let request =
            ReadRequest { resource_type: resource_type.into(), id: id.into(), ..Default::default() };
        self.node.read(&self.context, request).await
    }

    /// Sends a transaction; the answer's JSON.
    pub async fn transaction(&self, bundle: &str, key: &str) -> Result<serde_json::Value, Error> {
        let request = TransactionRequest {
            bundle: Bytes::copy_from_slice(bundle.as_bytes()),
            idempotency_key: key.into(),
            ..Default::default()
        };
        let answer = self.node.transaction(&self.context, request).await?;
        Ok(serde_json::from_slice(&answer.bundle).unwrap())
    }

    /// The whole instance history, newest first.
    pub async fn history(&self, name: &str) -> Vec<HistoryEntry> {
        let (resource_type, id) = name.split_once('/').unwrap();
        let mut request =
            HistoryRequest { resource_type: resource_type.into(), id: id.into(), ..Default::default() };
        let mut entries = vec![];
        loop {
            let page = self.node.history(&self.context, request.clone()).await.unwrap();
            entries.extend(page.entries);
            if page.next_cursor.is_empty() {
                return entries;
            }
            request.cursor = page.next_cursor;
        }
    }

    /// How many resources a search counts.
    pub async fn count(&self, resource_type: &str, name: &str, value: &str) -> u64 {
        let parameter = |name: &str, value: &str| SearchParameter { name: name.into(), value: value.into() };
        let request = SearchRequest {
            resource_type: resource_type.into(),
            parameters: vec![parameter(name, value), parameter("_total", "accurate")],
            strict: true,
            ..Default::default()
        };
        self.node.search(&self.context, request).await.unwrap().total.unwrap()
    }

    /// In how many of these compartments the resource has rows, deleted ones included.
    pub fn copies(&self, name: &str, patients: &[&str]) -> usize {
        let (resource_type, id) = name.split_once('/').unwrap();
        let own = compartment(resource_type, id);
        let all = patients.iter().map(|patient| compartment("Patient", patient)).chain([own]);
        let has_rows = |compartment: &CompartmentKey| {
            let key = ResourceKey { compartment: *compartment, ..own.own() };
            let rows = self.node.engine.at(compartment.slot).unwrap().rows_here().unwrap();
            rows.get(TenantId::DEFAULT, &key).unwrap().is_some()
        };
        all.filter(has_rows).count()
    }
}

fn compartment(resource_type: &str, id: &str) -> CompartmentKey {
    let resource_type = ResourceType::from_name(resource_type).unwrap();
    CompartmentKey::of(TenantId::DEFAULT, TypeCode(resource_type.code()), ResourceId::parse(id).unwrap())
}
