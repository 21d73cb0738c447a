//! A disk that is full, slow or broken, and a process out of descriptors.

mod support;

use bytes::Bytes;
use cluster::{Error, Options, Part, ProposeError};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;
use storage::{Applied, Shortage, Store};
use support::shim::{Call, Gate, open_log};
use support::*;

const BODY: Bytes = Bytes::from_static(b"{\"resourceType\":\"Patient\"}");

fn small() -> storage::log::Options {
    storage::log::Options {
        segment_bytes: 65_536,
        first_segment_bytes: 65_536,
        ..storage::log::Options::default()
    }
}

fn store(dir: &std::path::Path) -> Arc<Store> {
    Arc::new(Store::open(dir, &storage::Options::default()).unwrap())
}

/// Writes until something is lacking, then has more of it; nothing that was let in is lost.
async fn passes(errno: rustix::io::Errno, what: Shortage) {
    let dir = tempfile::tempdir().unwrap();
    let error = Arc::new(AtomicI32::new(0));
    let broken = error.clone();
    let log = open_log(dir.path(), &small(), move |call| match broken.load(Ordering::SeqCst) {
        errno if errno != 0 && call == Call::Create => Err(io::Error::from_raw_os_error(errno)),
        _ => Ok(()),
    });
    let node = start(options(dir.path()), store(dir.path()), log).await.unwrap();
    let group = node.group_of("a").clone();
    let body = Bytes::from(vec![b'x'; 2000]);
    assert_eq!(group.propose(put("a", 1, &body)).await, Ok(Applied::Done));
    error.store(errno.raw_os_error(), Ordering::SeqCst);
    // Written until one is rejected; those in flight then wait.
    let mut waiting = Vec::new();
    let mut version = 1;
    loop {
        let mut proposal = Box::pin(group.propose(put("a", version + 1, &body)));
        match futures::poll!(&mut proposal) {
            std::task::Poll::Ready(Err(ProposeError::Short(found))) => {
                assert_eq!(found, what);
                break;
            }
            // Faster than the disk: the log has not met its end yet.
            std::task::Poll::Ready(Err(ProposeError::Overloaded)) => {}
            std::task::Poll::Ready(Err(error)) => panic!("{error}"),
            // A proposal that was answered at once must not be polled again.
            std::task::Poll::Ready(Ok(outcome)) => {
                assert_eq!(outcome, Applied::Done);
                version += 1;
            }
            std::task::Poll::Pending => {
                waiting.push(proposal);
                version += 1;
            }
        }
        tokio::task::yield_now().await;
    }
    assert!(node.version_of("a").is_some(), "reads go on");
    error.store(0, Ordering::SeqCst);
    for outcome in futures::future::join_all(waiting).await {
        assert_eq!(outcome, Ok(Applied::Done));
    }
    assert_eq!(group.propose(put("a", version + 1, &body)).await, Ok(Applied::Done));
    assert_eq!((group.failure(), node.cluster.failure()), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_rejects_writes_until_there_is_space() {
    passes(rustix::io::Errno::NOSPC, Shortage::Disk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_open_files_reject_writes_until_there_are_fewer() {
    passes(rustix::io::Errno::MFILE, Shortage::Descriptors).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_is_told_and_acknowledges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    let fails = broken.clone();
    let log = open_log(dir.path(), &small(), move |call| {
        let fails = call == Call::Sync && fails.load(Ordering::SeqCst);
        if fails { Err(io::Error::from(rustix::io::Errno::IO)) } else { Ok(()) }
    });
    let node = start(options(dir.path()), store(dir.path()), log).await.unwrap();
    let group = node.group_of("a").clone();
    assert_eq!(group.propose(put("a", 1, &BODY)).await, Ok(Applied::Done));
    assert!(futures::FutureExt::now_or_never(node.cluster.failed()).is_none());
    broken.store(true, Ordering::SeqCst);
    let refused = group.propose(put("a", 2, &BODY)).await.unwrap_err();
    assert!(!refused.is_rejected(), "it may be on the disk, or not: {refused}");
    let failure = node.cluster.failed().await;
    assert_eq!(failure.part, Part::Log, "{failure}");
    assert!(failure.reason.contains("0000000000000001.wal"), "{failure}");
    assert_eq!(node.cluster.failure(), Some(failure));
    broken.store(false, Ordering::SeqCst);
    let refused = group.propose(put("a", 2, &BODY)).await.unwrap_err();
    assert!(matches!(refused, ProposeError::Unavailable(_)), "{refused}: one good sync proves nothing");
    assert_eq!(node.version_of("a"), Some(1), "reads go on");
}

#[test]
fn a_slow_disk_stops_nobody_but_those_who_wait_for_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let gate = Arc::new(Gate::default());
    // A runtime that is blocked cannot open the gate: this thread does, and the test fails.
    let (ended, end) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn({
        let gate = gate.clone();
        move || {
            let in_time = end.recv_timeout(Duration::from_secs(20)).is_ok();
            gate.set_closed(false);
            in_time
        }
    });
    runtime.block_on(runtime.spawn(slow_disk(gate))).unwrap();
    ended.send(()).unwrap();
    assert!(watchdog.join().unwrap(), "a worker of the runtime waited for the disk");
}

async fn slow_disk(gate: Arc<Gate>) {
    let dir = tempfile::tempdir().unwrap();
    let disk = gate.clone();
    let log = open_log(dir.path(), &small(), move |call| {
        if call == Call::Sync {
            disk.pass();
        }
        Ok(())
    });
    let options = Options { log_queue_max: 2, ..options(dir.path()) };
    let node = start(options, store(dir.path()), log).await.unwrap();
    gate.set_closed(true);
    // More appends, in all groups, than the log's queue takes.
    let writers = (0..64).map(|writer| {
        let group = node.group_of(&format!("w{writer}")).clone();
        tokio::spawn(async move {
            for version in 1..=4 {
                let written = group.propose(put(&format!("w{writer}"), version, &BODY)).await;
                assert_eq!(written, Ok(Applied::Done));
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    // Timers, other tasks and reads go on, long enough for all writers to have met the queue's end.
    let mut heartbeat = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..20 {
        heartbeat.tick().await;
        let other = tokio::spawn(async { 1 });
        assert_eq!(other.await.unwrap(), 1);
        assert_eq!(node.version_of("w1"), None, "nothing is acknowledged before it is durable");
    }
    gate.set_closed(false);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_gone_is_not_taken_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(options(dir.path())).await.unwrap();
    assert_eq!(node.group_of("a").propose(put("a", 1, &BODY)).await, Ok(Applied::Done));
    node.cluster.shutdown().await.unwrap();
    drop(node);
    std::fs::remove_dir_all(dir.path().join("log")).unwrap();
    let refused = open(options(dir.path())).await.err().expect("the tables know more than the log");
    assert!(matches!(refused, Error::LogLost { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_reserve_rejects_writes_up_front() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(Options { disk_reserve_bytes: u64::MAX, ..options(dir.path()) }).await.unwrap();
    let group = node.group_of("a").clone();
    let mut version = 1;
    // The first look at the disk happens in a task of its own.
    while group.propose(put("a", version, &BODY)).await == Ok(Applied::Done) {
        version += 1;
    }
    assert_eq!(group.propose(put("a", version, &BODY)).await, Err(ProposeError::Short(Shortage::Disk)));
    group.read_barrier().await.unwrap();
}
