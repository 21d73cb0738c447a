//! What a start that cannot be says, and that it disturbs nobody.

use std::process::{Command, Output};
use testkit::{node::NodeProcess, probe::Probe};

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");

/// A start that must end by itself. What the tests themselves are told (`SALAMANDER_SHARED`) is kept from it.
fn start(data: &str, rest: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    let told = std::env::vars_os().map(|(name, _)| name);
    for name in told.filter(|name| name.to_string_lossy().starts_with("SALAMANDER_")) {
        command.env_remove(name);
    }
    command.args(["start", "--data", data, "--rest", rest, "--grpc", "127.0.0.1:0"]);
    command.envs(environment.iter().copied()).output().unwrap()
}

/// The last line of stderr; the exit code must be a failure's.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("salamander: "), "{text}");
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_names_what_is_taken() {
    let mut node = NodeProcess::start(BINARY).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let put = probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap();
    assert_eq!(put.status, 201);
    let data = node.data().display().to_string();

    let folder = complaint(&start(&data, "127.0.0.1:0", &[]));
    assert!(folder.contains(&data) && folder.contains("another process"), "{folder}");

    let other = tempfile::tempdir().unwrap();
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir").to_owned();
    let empty = other.path().join("data");
    let taken = complaint(&start(&empty.display().to_string(), &address, &[]));
    assert!(taken.contains(&address) && taken.contains("rest.listen"), "{taken}");
    assert!(!empty.exists(), "a start that cannot listen leaves no folder behind");

    assert!(node.runs());
    assert_eq!(probe.get("Patient/p").await.unwrap().status, 200);
    assert_eq!(probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_partitions_is_fixed() {
    let mut node = NodeProcess::start(BINARY).unwrap();
    assert!(node.terminate().unwrap().success());
    let data = node.data().display().to_string();
    let said = complaint(&start(&data, "127.0.0.1:0", &[("SALAMANDER_STORAGE_PARTITIONS", "8")]));
    assert!(said.contains("16") && said.contains('8') && said.contains("partitions"), "{said}");
    node.restart().unwrap();
}
