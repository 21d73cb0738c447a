//! References below any of this server's base URLs are to its own resources, in what is stored and in what is asked.

use serde_json::{Value, json};
use testkit::{node::NodeProcess, probe::Probe};

fn start(options: &[(&str, &str)]) -> (NodeProcess, Probe) {
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    for (option, value) in options {
        node = node.set(option, value);
    }
    let node = node.begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

fn observation(id: &str, subject: &str) -> String {
    let resource = json!({
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "subject": {"reference": subject},
    });
    resource.to_string()
}

async fn ids(probe: &Probe, query: &str) -> Vec<String> {
    let answer = probe.get(query).await.unwrap();
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let entries = answer.body["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let id = |entry: &Value| entry["resource"]["id"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = entries.iter().map(id).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_below_a_configured_base_is_a_local_one() {
    let (_node, probe) = start(&[
        ("rest.base_url", "https://fhir.example.org/r4"),
        ("rest.further_base_urls", "http://old.example.org/fhir/,https://inside:8443"),
    ]);
    probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p","gender":"female"}"#).await.unwrap();
    let spellings = [
        "Patient/p",
        "https://fhir.example.org/r4/Patient/p",
        "http://old.example.org/fhir/Patient/p",
        "https://inside:8443/Patient/p",
    ];
    for (number, subject) in spellings.iter().enumerate() {
        let id = format!("o{number}");
        let stored = probe.put(&format!("Observation/{id}"), observation(&id, subject)).await.unwrap();
        assert_eq!(stored.status, 201, "{}", stored.text);
    }
    let elsewhere = "https://elsewhere.example.org/r4/Patient/p";
    probe.put("Observation/e", observation("e", elsewhere)).await.unwrap();
    let all = ["o0", "o1", "o2", "o3"];
    for spelling in spellings.iter().chain(&["p"]) {
        assert_eq!(ids(&probe, &format!("Observation?subject={spelling}")).await, all, "{spelling}");
    }
    assert_eq!(ids(&probe, "Observation?subject:Patient.gender=female").await, all);
    assert_eq!(ids(&probe, "Patient/p/Observation").await, all);
    assert_eq!(ids(&probe, "Patient?_has:Observation:subject:status=final").await, ["p"]);
    assert_eq!(ids(&probe, &format!("Observation?subject={elsewhere}")).await, ["e"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_below_the_base_that_the_request_came_by_is_this_servers() {
    let (node, probe) = start(&[]);
    probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap();
    let absolute = format!("{}/Patient/p", node.rest);
    probe.put("Observation/local", observation("local", "Patient/p")).await.unwrap();
    // No base is configured, and who stores may come by any: it stays what it is.
    probe.put("Observation/absolute", observation("absolute", &absolute)).await.unwrap();
    assert_eq!(ids(&probe, &format!("Observation?subject={absolute}")).await, ["absolute", "local"]);
    assert_eq!(ids(&probe, "Observation?subject=Patient/p").await, ["local"]);
    let forwarded = [("x-forwarded-host", "outside.example.org"), ("x-forwarded-proto", "https")];
    let path = "Observation?subject=https://outside.example.org/fhir/Patient/p";
    let found = probe.call("GET", path, &forwarded, "").await.unwrap();
    assert_eq!(found.body["total"], 1, "{}", found.text);
    assert_eq!(ids(&probe, path).await, Vec::<String>::new());
}
