//! Transactions that were left half way when the process ended: after each step, with a new life of the node on the same
//! folder. What the steps are: prepare, decide, finish at one participant and the next.

use super::node::BUDGET;
use crate::{
    bounds::Share,
    cli::options::engine,
    config::Config,
    engine::Engine,
    service::Node,
    writer::testing::{Half, Stage},
};
use fhir::definitions::ResourceType;
use proto::{CompartmentKey, PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use std::sync::Arc;
use std::{
    path::Path,
    time::{Duration, Instant},
};

const TENANT: TenantId = TenantId::DEFAULT;
/// Long before the prepared transactions' own deadline.
const SOON: Duration = Duration::from_secs(3);

async fn open(dir: &Path) -> Node {
    let mut config = Config::default();
    config.node.data = dir.to_owned();
    config.transactions.prepare_timeout_ms = 60_000;
    Node::open(engine(&BUDGET.fill(config)), Arc::new(cluster::Nowhere)).await.unwrap()
}

/// What a life left, for the next one. That of the same process would find the folder in use while tasks of the one before
/// still wait for its transactions.
fn left_behind(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(dir).min_depth(1) {
        let entry = entry.unwrap();
        let to = copy.path().join(entry.path().strip_prefix(dir).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir(to).unwrap(),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
    copy
}

/// Patients of three partitions.
fn patients(node: &Engine) -> [ResourceKey; 3] {
    let patient = TypeCode(ResourceType::PATIENT.code());
    let key = |number: u32| {
        let id = ResourceId::parse(&format!("p{number}")).unwrap();
        CompartmentKey::of(TENANT, patient, id).own()
    };
    let mut found: Vec<ResourceKey> = vec![];
    for number in 0.. {
        let key = key(number);
        let partition = |key: &ResourceKey| node.partition_of(key.compartment.slot);
        if found.iter().all(|other| partition(other) != partition(&key)) {
            found.push(key);
        }
        if found.len() == 3 {
            break;
        }
    }
    found.try_into().unwrap()
}

fn version(node: &Engine, key: &ResourceKey) -> u64 {
    let partition = node.at(key.compartment.slot).unwrap().rows_here().unwrap();
    partition.get(TENANT, key).unwrap().map_or(0, |row| row.version)
}

fn prepared(node: &Engine) -> usize {
    node.cluster.groups().iter().map(|group| group.partition().prepared_count()).sum()
}

fn decisions(node: &Engine) -> usize {
    let of = |partition: PartitionId| {
        node.partition(partition).unwrap().rows_here().unwrap().decisions(None, usize::MAX).unwrap().len()
    };
    node.partitions().map(of).sum()
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < until, "{what}: not within {SOON:?}");
        tokio::task::yield_now().await;
    }
}

/// Left there, opened again: whether the transaction is committed, and nothing is left of it soon.
async fn left_at(stage: Stage) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path()).await;
    let keys = patients(&node.engine);
    Half::carry_out(&node.engine, &keys, stage).await;
    node.shutdown().await;
    drop(node);

    let dir = left_behind(dir.path());
    let started = Instant::now();
    let node = open(dir.path()).await;
    node.ready().unwrap();
    let took = started.elapsed();
    assert!(took < SOON, "{stage:?}: {took:?} until it was ready");
    let engine = &node.engine;
    wait_until("prepared rows are settled", || prepared(engine) == 0).await;
    if stage != Stage::Prepared {
        wait_until("decisions are forgotten", || decisions(engine) == 0).await;
    }
    let versions = keys.map(|key| version(engine, &key));
    assert!(versions == [1; 3] || versions == [0; 3], "{stage:?}: half of it: {versions:?}");
    node.shutdown().await;
    versions == [1; 3]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_only_prepared_is_aborted_at_once() {
    assert!(!left_at(Stage::Prepared).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_is_finished_at_once() {
    for stage in [Stage::Decided, Stage::Finished(1), Stage::Finished(2)] {
        assert!(left_at(stage).await, "{stage:?}");
    }
}

/// Who meets the row of an orphan does not wait for the deadline either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_meets_an_orphan_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path()).await;
    let keys = patients(&node.engine);
    Half::carry_out(&node.engine, &keys, Stage::Prepared).await;
    node.shutdown().await;
    drop(node);
    let dir = left_behind(dir.path());
    let node = open(dir.path()).await;
    let started = Instant::now();
    for key in keys {
        let id = key.id.as_str().to_owned();
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}","active":true}}"#);
        let request = proto::api::v1::UpdateRequest {
            resource_type: "Patient".into(),
            id,
            body: body.into(),
            ..Default::default()
        };
        let context = crate::session::Context {
            tenant: TENANT,
            request_id: "test".into(),
            trace: None,
            deadline: None,
            base: None,
            stale: None,
            share: Share::default(),
        };
        crate::service::FhirService::update(&node, &context, request).await.unwrap();
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    node.shutdown().await;
}

/// A coordinator that lives and is slow loses its time, not more: nobody touches its transaction before the deadline, then
/// the resolver ends it, though no request meets its rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_living_coordinator_has_until_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.node.data = dir.path().to_owned();
    config.transactions.prepare_timeout_ms = 700;
    config.transactions.resolve_interval_ms = 20;
    let node = Node::open(engine(&BUDGET.fill(config)), Arc::new(cluster::Nowhere)).await.unwrap();
    let keys = patients(&node.engine);
    let started = Instant::now();
    let half = Half::carry_out(&node.engine, &keys, Stage::Prepared).await;
    wait_until("the deadline is kept", || prepared(&node.engine) == 0).await;
    assert!(started.elapsed() >= Duration::from_millis(650), "{:?}", started.elapsed());
    // Overtaken: its commit comes too late.
    assert!(!half.commit(&node.engine).await);
    assert_eq!(keys.map(|key| version(&node.engine, &key)), [0; 3]);
    node.shutdown().await;
}

/// Two transactions are prepared in a partition: who meets the row of one waits for that one alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_writer_settles_what_holds_the_lock_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(dir.path()).await;
    let engine = &node.engine;
    let keys = patients(engine);
    let unrelated = Half::unrelated(engine, &keys).await;
    let half = Half::carry_out(engine, &keys, Stage::Decided).await;
    let refused = tokio::time::timeout(SOON, half.refused(engine, &keys[1])).await;
    refused.expect("it waits for an unrelated transaction").unwrap();
    assert_eq!(version(engine, &keys[1]), 1, "the lock's transaction is finished where it refused");
    assert!(unrelated.is_prepared(engine));
    node.shutdown().await;
}
