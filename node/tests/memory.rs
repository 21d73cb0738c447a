//! Memory on the real binary: what abandoned and large requests take stays within `limits.requests_bytes_max`, as the node
//! counts it and as the kernel does.

use futures::future::join_all;
use std::time::Duration;
use testkit::{node::NodeProcess, probe::Probe};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const MIB: u64 = 1 << 20;

/// A gauge of the metrics page.
async fn gauge(node: &NodeProcess, name: &str) -> u64 {
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    let line = page.lines().find(|line| line.starts_with(&format!("{name} ")));
    let line = line.unwrap_or_else(|| panic!("{name} is missing in\n{page}"));
    line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64
}

/// Waits until no request holds anything.
async fn at_rest(node: &NodeProcess) {
    let rest = async {
        while gauge(node, "salamander_requests_memory_bytes").await > 0
            || gauge(node, "salamander_requests_held").await > 0
            || gauge(node, "salamander_actors_queued").await > 0
        {}
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), rest).await.is_ok(), "something is held at rest");
}

fn observation(text: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"{text}"}},"subject":{{"reference":"Patient/p"}}}}"#
    )
}

/// A resource of about `bytes` that is all structure: the worst for who parses it.
fn dense(bytes: usize) -> String {
    let contained = vec![r#"{"code":"a"}"#; bytes / 13].join(",");
    format!(r#"{{"resourceType":"Basic","code":{{"coding":[{contained}]}}}}"#)
}

/// Sends a whole request and leaves without its answer.
async fn send_and_leave(node: &NodeProcess, body: &str) {
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    let mut peer = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /fhir/Observation HTTP/1.1\r\nhost: a\r\ncontent-type: application/fhir+json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // The node may have refused it and closed before all was sent.
    let _ = peer.write_all(head.as_bytes()).await;
    let _ = peer.write_all(body.as_bytes()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_writes_stay_within_the_bound() {
    let bound = 32 * MIB;
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .set("memory.total_bytes", 384 * MIB)
        .set("limits.requests_bytes_max", bound)
        .begin()
        .unwrap();
    let before = node.resident_bytes().unwrap();
    let body = observation(&"x".repeat(1 << 20));
    for _ in 0..10 {
        let leaving = (0..20).map(|_| send_and_leave(&node, &body));
        let (_, held) = tokio::join!(join_all(leaving), gauge(&node, "salamander_requests_memory_bytes"));
        assert!(held <= bound, "{held}");
    }
    at_rest(&node).await;
    let grown = node.peak_bytes().unwrap().saturating_sub(before);
    // Memtables, log, tail and cache have their own parts.
    assert!(grown < 300 * MIB, "grown by {} MiB", grown / MIB);
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.call("POST", "Observation", &[], observation("a")).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_at_once_live_in_512_mib() {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .set("memory.total_bytes", 448 * MIB)
        .begin()
        .unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let never = probe.call("POST", "Basic", &[], dense(60 << 20)).await.unwrap();
    assert_eq!(never.status, 413, "{never:?}");
    assert!(never.diagnostics().contains("limits.requests_bytes_max"), "{never:?}");
    let body = dense(8 << 20);
    let calls = (0..8).map(|_| probe.call("POST", "Basic", &[], body.clone()));
    let answers = join_all(calls).await;
    let statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status).collect();
    assert!(statuses.contains(&201), "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 429].contains(status)), "{statuses:?}");
    at_rest(&node).await;
    let peak = node.peak_bytes().unwrap();
    assert!(peak < 512 * MIB, "{} MiB at its peak", peak / MIB);
}
