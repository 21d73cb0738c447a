//! Power cuts in the middle of a load: what was acknowledged is there, and the same load, run again, ends with every
//! resource there once.

use client::{Client, Retry, api};
use fhir::definitions::ResourceType;
use generator::{Generator, expected_counts};
use node::load::{LoadOptions, run};
use parking_lot::Mutex;
use std::{path::Path, sync::Arc, time::Duration};
use testkit::{node::NodeProcess, probe::Probe, shared};

const PATIENTS: u64 = 160;
const SEED: u64 = 7;

fn options(node: &NodeProcess, folder: &Path, retry: Duration) -> LoadOptions {
    let options = LoadOptions::new(&node.grpc, vec![folder.to_owned()]);
    LoadOptions { progress: false, retry_deadline: retry, ..options }
}

/// Creates `Basic` resources one after the other until the server is gone; `acknowledged` has those it confirmed.
async fn create_until_gone(grpc: String, round: u64, acknowledged: Arc<Mutex<Vec<(String, String)>>>) {
    let client = Client::connect(&grpc).unwrap().with_retry(Retry::never());
    for number in 0_u64.. {
        let code = format!("r{round}n{number}");
        let body = format!(r#"{{"resourceType":"Basic","code":{{"coding":[{{"code":"{code}"}}]}}}}"#);
        let request =
            api::CreateRequest { resource_type: "Basic".into(), body: body.into(), ..Default::default() };
        match client.create(request).await {
            Ok(created) => acknowledged.lock().push((created.id, code)),
            Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    for bundle in Generator::new(PATIENTS, SEED) {
        std::fs::write(folder.path().join(&bundle.name), &bundle.json).unwrap();
    }
    let mut node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for (round, patients) in [(1, 5), (2, 40), (3, 90)] {
        let load = tokio::spawn(run(options(&node, folder.path(), Duration::ZERO)));
        let before = acknowledged.lock().len();
        let writer = tokio::spawn(create_until_gone(node.grpc.clone(), round, acknowledged.clone()));
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        while probe.total("Patient").await.unwrap() < patients || acknowledged.lock().len() < before + 20 {
            assert!(!load.is_finished(), "round {round}: the load ended before the kill");
        }
        node.kill9().unwrap();
        writer.await.unwrap();
        let report = load.await.unwrap().unwrap();
        assert!(!report.complete(), "round {round}: the kill came after the load");

        node.restart().unwrap();
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        let written = acknowledged.lock().clone();
        for (id, code) in &written {
            let read = probe.grpc.read("Basic", id).await;
            assert!(read.is_ok(), "round {round}: Basic/{id} is lost: {read:?}");
            assert_eq!(probe.total(&format!("Basic?code={code}")).await.unwrap(), 1, "Basic/{id}");
        }
        // Of each round one create may have been under way.
        let stored = probe.total("Basic").await.unwrap();
        assert!((written.len() as u64..=written.len() as u64 + round).contains(&stored), "{stored}");
    }
    let report = run(options(&node, folder.path(), Duration::from_secs(60))).await.unwrap();
    assert!(report.complete(), "{report}");
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    // Made conditionally by one bundle, so made once, however often that bundle was sent.
    let versions = probe.get("Organization/_history?_count=1000").await.unwrap().body;
    let made = versions["entry"].as_array().unwrap().len() as u64;
    assert_eq!((made, probe.total("Organization").await.unwrap()), (5, 5), "created, found: {versions:#}");
    let mut counts = probe.counts(ResourceType::all().map(ResourceType::name)).await.unwrap();
    counts.remove("Basic");
    assert_eq!(counts, shared::named(&expected_counts(PATIENTS, SEED)));
}
