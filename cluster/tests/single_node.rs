//! One node, from proposal to table and over restarts.

mod support;

use bytes::Bytes;
use cluster::{Error, Options, ProposeError};
use std::sync::Arc;
use storage::log::{LogStore, MemoryLog};
use storage::{Applied, Store};
use support::*;
use tokio::sync::Notify;

const BODY: Bytes = Bytes::from_static(b"{\"resourceType\":\"Patient\"}");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_is_applied_observed_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    assert_eq!(node.cluster.groups().len(), 4);
    let group = node.group_of("a");
    assert!(group.is_leader());
    assert_eq!(group.propose(put("a", 1, &BODY)).await, Ok(Applied::Done));
    group.read_barrier().await.unwrap();
    assert_eq!(node.version_of("a"), Some(1));
    let seen = node.heard.applied.lock().iter().any(|(partition, _, changes)| {
        *partition == group.id() && changes.iter().any(|change| change.key == key("a"))
    });
    assert!(seen, "the observer hears before the writer is answered");
    assert!(matches!(group.propose(put("a", 1, &BODY)).await, Ok(Applied::Conflict { current: 1, .. })));
    assert_eq!(node.cluster.meta().partitions, 4);
    node.cluster.shutdown().await.unwrap();
    assert_eq!(group.propose(put("a", 2, &BODY)).await, Err(ProposeError::Shutdown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_observer_that_takes_its_time_holds_up_its_partition_alone() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    let held = node.group_of("a").clone();
    let other =
        (0..).map(|name| format!("p{name}")).find(|name| node.group_of(name).id() != held.id()).unwrap();
    let room = Arc::new(Notify::new());
    node.heard.held.lock().insert(held.id(), room.clone());
    let waiting = tokio::spawn(async move { held.propose(put("a", 1, &BODY)).await });
    // There is one worker: were it held up, nobody would answer here.
    for version in 1..=20 {
        let outcome = node.group_of(&other).propose(put(&other, version, &BODY)).await;
        assert_eq!(outcome, Ok(Applied::Done));
    }
    assert!(!waiting.is_finished());
    room.notify_one();
    assert_eq!(waiting.await.unwrap(), Ok(Applied::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proposals_keep_the_order_of_the_calls() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    let group = node.group_of("a").clone();
    // Each version is fenced by the one before: any other order would be a conflict. All are enqueued before one
    // future is polled.
    let pending: Vec<_> = (1..=3000).map(|version| group.propose(put("a", version, &BODY))).collect();
    for outcome in futures::future::join_all(pending).await {
        assert_eq!(outcome, Ok(Applied::Done));
    }
    assert_eq!(node.version_of("a"), Some(3000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_replays_to_the_same_state() {
    let dir = tempfile::tempdir().unwrap();
    let (disk, log) = (storage::Disk::default(), Arc::new(MemoryLog::immediate()));
    let node = start(options(dir.path()), Arc::new(Store::in_memory(&disk)), log.clone()).await.unwrap();
    for name in 0..200 {
        let name = format!("p{name}");
        assert_eq!(node.group_of(&name).propose(put(&name, 1, &BODY)).await, Ok(Applied::Done));
    }
    let (before, id) = (node.histories(), node.cluster.meta().cluster_id);
    drop(node);
    disk.crash();
    let log = Arc::new(log.after_crash());
    let node = start(options(dir.path()), Arc::new(Store::in_memory(&disk)), log).await.unwrap();
    assert_eq!(node.histories(), before);
    assert_eq!(node.cluster.meta().cluster_id, id);
    for name in 0..200 {
        assert_eq!(node.version_of(&format!("p{name}")), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purged_log_still_replays() {
    let dir = tempfile::tempdir().unwrap();
    let (disk, log) = (storage::Disk::default(), Arc::new(MemoryLog::immediate()));
    let small = || Options { group_log_bytes: 20_000, ..options(dir.path()) };
    let node = start(small(), Arc::new(Store::in_memory(&disk)), log.clone()).await.unwrap();
    let body = Bytes::from(vec![b'x'; 1000]);
    let group = node.group_of("a").clone();
    let mut version = 0;
    // Until maintenance has purged: bounded by the test runner's own limit.
    while log.state(u32::from(group.id().0)).purged.is_none() {
        version += 1;
        assert_eq!(group.propose(put("a", version, &body)).await, Ok(Applied::Done));
    }
    for _ in 0..10 {
        version += 1;
        assert_eq!(group.propose(put("a", version, &body)).await, Ok(Applied::Done));
    }
    let before = node.histories();
    drop((node, group));
    disk.crash();
    let node = start(small(), Arc::new(Store::in_memory(&disk)), Arc::new(log.after_crash())).await.unwrap();
    assert_eq!(node.histories(), before);
    assert_eq!(node.version_of("a"), Some(version));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_leaves_nothing_to_replay() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    assert_eq!(node.group_of("a").propose(put("a", 1, &BODY)).await, Ok(Applied::Done));
    let before = node.histories();
    node.cluster.shutdown().await.unwrap();
    drop(node);
    let node = open(options(dir.path())).await.unwrap();
    assert!(
        node.heard.applied.lock().iter().all(|(_, _, changes)| changes.is_empty()),
        "nothing was replayed"
    );
    assert_eq!(node.version_of("a"), Some(1));
    assert_eq!(node.histories(), before);
    assert_eq!(node.group_of("a").propose(put("a", 2, &BODY)).await, Ok(Applied::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_partition_count_or_node_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    node.cluster.shutdown().await.unwrap();
    drop(node);
    let other = open(Options { partitions: 8, ..options(dir.path()) }).await.err().unwrap();
    assert!(matches!(other, Error::Partitions { stored: 4, configured: 8 }), "{other}");
    let other = open(Options { node_id: 2, ..options(dir.path()) }).await.err().unwrap();
    assert!(matches!(other, Error::Node { stored: 1, configured: 2 }), "{other}");
    let none = open(Options { partitions: 0, ..options(dir.path()) }).await.err().unwrap();
    assert!(matches!(none, Error::Option { name: "partitions", .. }), "{none}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_share_fsyncs() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(Options { partitions: 16, ..options(dir.path()) }).await.unwrap();
    let before = node.log.stats();
    let writers = (0..64).map(|writer| {
        let group = node.group_of(&format!("w{writer}")).clone();
        tokio::spawn(async move {
            for version in 1..=30 {
                let outcome = group.propose(put(&format!("w{writer}"), version, &BODY)).await;
                assert_eq!(outcome, Ok(Applied::Done));
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let now = node.log.stats();
    let (entries, fsyncs) = (now.entries - before.entries, now.fsyncs - before.fsyncs);
    assert_eq!(entries, 64 * 30);
    assert!(fsyncs < entries, "{entries} entries took {fsyncs} fsyncs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_much_in_flight_is_rejected_before_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(Options { proposals_max: 10, ..options(dir.path()) }).await.unwrap();
    let group = node.group_of("a").clone();
    let pending: Vec<_> = (1..=1000).map(|version| group.propose(put("a", version, &BODY))).collect();
    let outcomes = futures::future::join_all(pending).await;
    let rejected = outcomes.iter().filter(|outcome| **outcome == Err(ProposeError::Overloaded)).count();
    assert!(rejected > 0);
    assert!(outcomes.iter().all(|outcome| match outcome {
        Ok(_) => true,
        Err(error) => error.is_rejected(),
    }));
    assert!(group.propose(put("b", 1, &BODY)).await.is_ok(), "there is room again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_cannot_be_applied_never_reaches_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    let group = node.group_of("a").clone();
    let before = node.log.stats().entries;
    let nobody = proto::log::v1::Command { tenant: 0, ..put("a", 1, &BODY) };
    let refused = group.propose(nobody).await.unwrap_err();
    assert!(matches!(refused, ProposeError::Malformed(_)) && refused.is_rejected(), "{refused}");
    assert_eq!(node.log.stats().entries, before);
    assert_eq!(group.propose(put("a", 1, &BODY)).await, Ok(Applied::Done));
}
