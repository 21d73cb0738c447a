//! A patch whose outcome depends on what it meets: to which patient it gives the resource is known only once it is applied.

use futures::future::join_all;
use testkit::{node::NodeProcess, probe::Probe};

const MERGE: &[(&str, &str)] = &[("content-type", "application/merge-patch+json")];
const JSON: &[(&str, &str)] = &[("content-type", "application/json-patch+json")];
const COPY: &str = r#"[{"op":"copy","from":"/performer/0/reference","path":"/subject/reference"}]"#;

/// While some say who performed it, others make the performer its subject.
#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_found_with_the_patient_it_came_to() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let body = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"performer":[{"reference":"Patient/a"}]}"#;
    assert_eq!(probe.put("Observation/o", body).await.unwrap().status, 201);
    for round in 0..60 {
        let writers = (0..6).map(|writer| {
            let probe = probe.clone();
            async move {
                let patient = if (round + writer) % 4 < 2 { "a" } else { "b" };
                let performer = format!(r#"{{"performer":[{{"reference":"Patient/{patient}"}}]}}"#);
                let (headers, patch) = if writer % 2 == 0 { (MERGE, performer) } else { (JSON, COPY.into()) };
                let answer = probe.call("PATCH", "Observation/o", headers, patch).await.unwrap();
                assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
            }
        });
        join_all(writers).await;
        let now = probe.get("Observation/o").await.unwrap().body;
        let subject = now["subject"]["reference"].as_str().unwrap();
        for patient in ["Patient/a", "Patient/b"] {
            let found = probe.get(&format!("{patient}/Observation?status=final")).await.unwrap();
            let by_subject = probe.get(&format!("Observation?subject={patient}")).await.unwrap();
            let expected = usize::from(patient == subject);
            let count = |page: &serde_json::Value| page["entry"].as_array().map_or(0, Vec::len);
            assert_eq!(count(&by_subject.body), expected, "round {round}: {now} by {patient}");
            // A performer is in the compartment, too, wherever the resource lives.
            let performs = now["performer"][0]["reference"] == patient;
            assert_eq!(count(&found.body), expected.max(usize::from(performs)), "round {round}: {now}");
        }
    }
    let history = probe.get("Observation/o/_history?_count=1000").await.unwrap().body;
    let versions: Vec<u64> = history["entry"].as_array().unwrap().iter().map(version).collect();
    let newest = versions[0];
    assert_eq!(versions, (1..=newest).rev().collect::<Vec<_>>());
}

fn version(entry: &serde_json::Value) -> u64 {
    entry["resource"]["meta"]["versionId"].as_str().unwrap().parse().unwrap()
}
