//! Few file descriptors: connections run out of them, log, tables and index never do.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};
use testkit::{node::NodeProcess, probe::Probe};

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");

/// The binary under `ulimit`, as a command of its own.
fn limited(folder: &tempfile::TempDir, ulimit: &str) -> PathBuf {
    let path = folder.path().join("salamander");
    fs::write(&path, format!("#!/bin/sh\nulimit {ulimit} || exit 9\nexec {BINARY} \"$@\"\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn start(binary: &PathBuf, set: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary);
    command.args(["start", "--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--data"]);
    command.arg(folder.path().join("data")).envs(set.iter().copied()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_beyond_the_limit_cost_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let node = NodeProcess::new(limited(&folder, "-n 1024"))
        .unwrap()
        // New segments and tables all the time: each needs a descriptor.
        .set("log.segment_bytes", 1 << 20)
        .set("log.group_bytes", 256 << 10)
        .set("log.total_bytes", 16 << 20)
        .set("storage.maintenance_interval_ms", 50)
        .begin()
        .unwrap();
    assert!(node.log().contains("rest.connections_max"), "a warning names what became less: {}", node.log());
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let body = |id: usize| {
        let text = "x".repeat(20_000);
        format!(r#"{{"resourceType":"Basic","id":"b{id}","code":{{"text":"{text}"}}}}"#)
    };
    assert_eq!(probe.put("Basic/b0", body(0)).await.unwrap().status, 201);
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    // More than the process may have descriptors: the kernel takes those that the node does not, until its queue is full.
    let address = address.parse().unwrap();
    // The queue may be full for a moment only, where the machine is busy: the kernel tries again after a second.
    let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(4)).ok();
    let idle: Vec<TcpStream> = (0..1113).map_while(connect).collect();
    // As many as the node takes, and the kernel's queue.
    assert!(idle.len() > 200, "{}", idle.len());
    for id in 1..300 {
        let answer = probe.put(&format!("Basic/b{id}"), body(id)).await.unwrap();
        assert_eq!(answer.status, 201, "with {} idle connections: {answer:?}", idle.len());
    }
    drop(idle);
    let fresh = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(fresh.total("Basic").await.unwrap(), 300);
}

#[test]
fn the_soft_limit_is_no_limit() {
    let folder = tempfile::tempdir().unwrap();
    let node = NodeProcess::start(limited(&folder, "-Sn 256")).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", node.id().unwrap())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = line.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(numbers[0], numbers[1], "{line}");
}

#[test]
fn limits_that_cannot_hold_are_refused_with_what_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let binary = limited(&folder, "-n 2048");
    let asked = start(
        &binary,
        &[("SALAMANDER_REST_CONNECTIONS_MAX", "2000"), ("SALAMANDER_GRPC_CONNECTIONS_MAX", "10")],
    );
    let few = start(&limited(&folder, "-n 256"), &[]);
    for output in [asked, few] {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        for part in ["ulimit -Hn", "rest.connections_max", "storage.open_files_max", "raise the limit to"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
