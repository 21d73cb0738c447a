//! SIGTERM under load: what was taken is answered, the end is clean, the next start has nothing to do.

use client::{Client, Retry, api};
use generator::Generator;
use std::time::{Duration, Instant};
use testkit::{node::NodeProcess, probe::Probe};

/// Patients created one after the other until the server takes no more; the ids of those it confirmed.
async fn create_until_refused(grpc: String) -> Vec<String> {
    let client = Client::connect(&grpc).unwrap().with_retry(Retry::never());
    let mut created = Vec::new();
    loop {
        let request = api::CreateRequest {
            resource_type: "Patient".into(),
            body: r#"{"resourceType":"Patient","active":true}"#.into(),
            ..Default::default()
        };
        match client.create(request).await {
            Ok(answer) => created.push(answer.id),
            Err(error) => {
                // The stop is told, not a write that was begun and cut off.
                assert!(error.retryable(), "{error}");
                return created;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_and_the_next_start_is_fast() {
    let mut node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let client = Client::connect(&node.grpc).unwrap();
    for bundle in Generator::new(20, 3) {
        let request = api::TransactionRequest { bundle: bundle.json.into(), ..Default::default() };
        client.transaction(request).await.unwrap();
    }
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let before = probe.total("Patient").await.unwrap();
    let writers: Vec<_> = (0..8).map(|_| tokio::spawn(create_until_refused(node.grpc.clone()))).collect();
    while probe.total("Patient").await.unwrap() < before + 100 {}
    let stopped = Instant::now();
    let status = node.terminate().unwrap();
    assert!(status.success(), "{status}");
    assert!(stopped.elapsed() < Duration::from_secs(10), "requests were cut off by the grace period");

    let mut created = Vec::new();
    for writer in writers {
        created.extend(writer.await.unwrap());
    }
    let restarted = Instant::now();
    node.restart().unwrap();
    let took = restarted.elapsed();
    // The bound is for the slowest machine; there is nothing to replay, so it does not grow with the data.
    assert!(took < Duration::from_secs(3), "a start after a clean stop took {took:?}");
    eprintln!("start after a clean stop: {took:?}");
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    for id in &created {
        let read = probe.grpc.read("Patient", id).await;
        assert!(read.is_ok(), "Patient/{id} is lost: {read:?}");
    }
    // What was answered is there; what was not answered may be.
    assert!(probe.total("Patient").await.unwrap() >= before + created.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_fails_first_while_everything_is_still_served() {
    // No test waits so long: the second signal ends the drain.
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .set("node.drain_ms", 600_000)
        .begin()
        .unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let base = node.rest.trim_end_matches("/fhir").to_owned();
    // A connection for each: balancers and their probes come anew, and must be let in.
    let health = async |path: &str| reqwest::get(format!("{base}{path}")).await.unwrap().status().as_u16();
    assert_eq!(health("/health/ready").await, 200);
    node.signal_end().unwrap();
    while health("/health/ready").await == 200 {}
    assert_eq!(health("/health/ready").await, 503);
    assert_eq!(health("/health/live").await, 200);
    let fresh = Probe::new(&node.rest, &node.grpc).unwrap();
    for probe in [&probe, &fresh] {
        let created = probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap();
        assert!(matches!(created.status, 200 | 201), "{created:?}");
        probe.grpc.read("Patient", "p").await.unwrap();
    }
    let stopped = Instant::now();
    let status = node.terminate().unwrap();
    assert!(status.success(), "{status}");
    assert!(stopped.elapsed() < Duration::from_secs(60), "the second signal ends the drain");
    assert!(reqwest::get(format!("{base}/health/live")).await.is_err());
}
