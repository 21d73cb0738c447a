//! A log that has failed for good: everybody who asks is told, and by default the process ends to be started again.

use reqwest::Client;
use serde_json::Value;
use std::{fs, path::PathBuf};
use testkit::{node::NodeProcess, probe::Probe};

/// A node whose log fails with its next segment: the folder for it is gone.
fn begin(on_failure: &str) -> NodeProcess {
    NodeProcess::new(env!("CARGO_BIN_EXE_salamander"))
        .unwrap()
        .set("node.on_failure", on_failure)
        .set("log.segment_bytes", 4 << 20)
        .set("log.spares", 0)
        .begin()
        .unwrap()
}

fn take_away(node: &NodeProcess) -> (PathBuf, PathBuf) {
    let (log, gone) = (node.data().join("log"), node.data().join("log.gone"));
    fs::rename(&log, &gone).unwrap();
    (log, gone)
}

fn body(id: usize) -> String {
    let text = "x".repeat(100_000);
    format!(r#"{{"resourceType":"Basic","id":"b{id}","code":{{"text":"{text}"}}}}"#)
}

/// Writes until one is not confirmed; how many were, and the refusal, where there was an answer at all.
async fn write_until_refused(probe: &Probe) -> (usize, Option<Value>) {
    for id in 0..1000 {
        match probe.put(&format!("Basic/b{id}"), body(id)).await {
            Ok(answer) if answer.status == 201 => {}
            Ok(answer) => return (id, Some(answer.body)),
            Err(_) => return (id, None),
        }
    }
    panic!("the log does not fail without its folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_ends_with_its_own_status_and_a_new_start_recovers() {
    let mut node = begin("exit");
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let (log, gone) = take_away(&node);
    let (confirmed, _) = write_until_refused(&probe).await;
    assert!(confirmed > 10);
    assert_eq!(node.wait().unwrap().code(), Some(74), "{}", node.log());
    assert!(node.log().contains("failed for good"), "{}", node.log());
    // A folder may be there again, with what the writer could still make in it.
    let _ = fs::remove_dir_all(&log);
    fs::rename(gone, log).unwrap();
    node.restart().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    for id in 0..confirmed {
        assert_eq!(probe.get(&format!("Basic/b{id}")).await.unwrap().status, 200, "b{id} was confirmed");
    }
    assert_eq!(probe.put("Basic/after", body(1).replace("b1", "after")).await.unwrap().status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_stays_says_so_everywhere() {
    let mut node = begin("stay");
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let client = Client::new();
    let base = node.rest.trim_end_matches("/fhir").to_owned();
    let status = |path: &str| {
        let request = client.get(format!("{base}{path}"));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!((status("/health/live").await, status("/health/ready").await), (200, 200));
    take_away(&node);
    write_until_refused(&probe).await;
    // The probes follow at once, though not before the answer.
    while status("/health/live").await == 200 {}
    assert_eq!(status("/health/ready").await, 503);
    let reasons = client.get(format!("{base}/health/live")).send().await.unwrap().text().await.unwrap();
    assert!(reasons.contains("log"), "{reasons}");

    let refused = probe.put("Basic/x", body(1).replace("b1", "x")).await.unwrap();
    assert_eq!(refused.status, 500, "{refused:?}");
    assert!(refused.diagnostics().contains("started again"), "{refused:?}");
    assert!(!refused.diagnostics().contains("send"), "sending it again does not help: {refused:?}");
    let request =
        client::api::DeleteRequest { resource_type: "Basic".into(), id: "b0".into(), ..Default::default() };
    let error = probe.grpc.delete(request).await.unwrap_err();
    assert_eq!(error.code(), Some(proto::Code::Failed), "{error}");
    assert!(!error.retryable());

    let page = client.get(format!("{base}/metrics")).send().await.unwrap().text().await.unwrap();
    for line in ["salamander_log_state{state=\"failed\"} 1", "salamander_ready 0"] {
        assert!(page.contains(line), "{line} is missing in\n{page}");
    }
    let failed =
        page.lines().filter(|line| line.starts_with("salamander_partition_failed{") && line.ends_with(" 1"));
    assert!(failed.count() >= 1, "{page}");
    assert!(node.runs());
}
