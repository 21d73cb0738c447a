//! Actors come and go under the memory bound while everybody writes: no write is lost, no version is given twice.

use futures::future::join_all;
use testkit::{node::NodeProcess, probe::Probe};

const PATIENTS: usize = 120;
const ROUNDS: u64 = 6;
/// One for each of the 16 partitions.
const ACTORS_MAX: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn more_patients_than_actors_write_at_once() {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let node = node.set("actors.active_max", ACTORS_MAX).begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    for round in 1..=ROUNDS {
        let writes = (0..PATIENTS).map(|patient| {
            let (probe, path) = (probe.clone(), format!("Patient/p{patient}"));
            let body =
                format!(r#"{{"resourceType":"Patient","id":"p{patient}","multipleBirthInteger":{round}}}"#);
            async move {
                let answer = probe.put(&path, body).await.unwrap();
                let version = answer.body["meta"]["versionId"].as_str().map(str::to_owned);
                assert_eq!(version, Some(round.to_string()), "{answer:?}");
            }
        });
        join_all(writes).await;
    }
    assert_eq!(probe.total("Patient").await.unwrap(), PATIENTS as u64);
    assert!(actors(&node).await <= ACTORS_MAX as f64);
}

async fn actors(node: &NodeProcess) -> f64 {
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    let line = page.lines().find(|line| line.starts_with("salamander_actors ")).expect("the gauge");
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
