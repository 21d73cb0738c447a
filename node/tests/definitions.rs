//! Where definitions come from: the store, also after a restart, and packages.

use serde_json::{Value, json};
use testkit::{node::NodeProcess, outside, probe::Probe};

fn probe(node: &NodeProcess) -> Probe {
    Probe::new(&node.rest, &node.grpc).unwrap()
}

fn code_system(codes: &[&str]) -> Value {
    let concepts: Vec<Value> = codes.iter().map(|code| json!({"code": code})).collect();
    json!({
        "resourceType": "CodeSystem", "id": "s", "url": "http://example.org/s", "status": "active",
        "content": "complete", "valueSet": "http://example.org/v", "concept": concepts,
    })
}

/// The codes of the value set of the whole code system; `None` where it is not known.
async fn codes(probe: &Probe) -> Option<Vec<String>> {
    let answer = probe.get("ValueSet/$expand?url=http://example.org/v").await.unwrap();
    if answer.status == 404 {
        return None;
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    let contains = answer.body["expansion"]["contains"].as_array().unwrap();
    Some(contains.iter().map(|code| code["code"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_known_after_a_restart() {
    let mut node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    assert_eq!(codes(&probe(&node)).await, None);
    let put = |probe: Probe, codes: Vec<&'static str>| async move {
        probe.put("CodeSystem/s", code_system(&codes).to_string()).await.unwrap().status
    };
    assert_eq!(put(probe(&node), vec!["a"]).await, 201);
    assert_eq!(codes(&probe(&node)).await.unwrap(), ["a"]);
    // From the log alone: nothing was flushed.
    node.kill9().unwrap();
    node.restart().unwrap();
    assert_eq!(codes(&probe(&node)).await.unwrap(), ["a"]);
    assert_eq!(put(probe(&node), vec!["a", "b"]).await, 200);
    // From the tables.
    assert!(node.terminate().unwrap().success());
    node.restart().unwrap();
    assert_eq!(codes(&probe(&node)).await.unwrap(), ["a", "b"]);
    let deleted = probe(&node).call("DELETE", "CodeSystem/s", &[], "").await.unwrap();
    assert_eq!(deleted.status, 204);
    assert_eq!(codes(&probe(&node)).await, None);
    assert!(node.terminate().unwrap().success());
    node.restart().unwrap();
    assert_eq!(codes(&probe(&node)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_brings_definitions_for_those_who_come_after() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = probe(&node);
    let entries: Vec<Value> = (0..40)
        .map(|n| {
            let mut resource = code_system(&["a"]);
            resource["id"] = json!(format!("s{n}"));
            resource["url"] = json!(format!("http://example.org/s{n}"));
            json!({"resource": resource, "request": {"method": "PUT", "url": format!("CodeSystem/s{n}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    assert_eq!(probe.call("POST", "", &[], bundle.to_string()).await.unwrap().status, 200);
    for n in 0..40 {
        let path = format!("CodeSystem/$validate-code?url=http://example.org/s{n}&code=a");
        let answer = probe.get(&path).await.unwrap();
        assert_eq!(answer.body["parameter"][0]["valueBoolean"], true, "{n}: {answer:?}");
    }
}

const PROFILE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";

#[tokio::test(flavor = "multi_thread")]
async fn a_package_brings_profiles() {
    let Some(path) = outside::shared("packages/hl7.fhir.us.core-6.1.0.tgz") else { return };
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let node = node.set("conformance.packages", path.display());
    let node = node.set("validation.level", "full").set("validation.profiles", PROFILE).begin().unwrap();
    let probe = probe(&node);
    let poor = json!({"resourceType": "Patient", "id": "p", "gender": "male"});
    let rich = json!({
        "resourceType": "Patient", "id": "p", "gender": "male", "name": [{"family": "Ordóñez", "given": ["Ana"]}],
        "identifier": [{"system": "http://example.org/mrn", "value": "1"}],
    });
    let refused = probe.put("Patient/p", poor.to_string()).await.unwrap();
    assert_eq!(refused.status, 422, "{refused:?}");
    let issues = refused.body["issue"].as_array().unwrap();
    assert!(
        issues.iter().any(|issue| issue["diagnostics"].as_str().unwrap().contains("identifier")),
        "{refused:?}"
    );
    let stored = probe.put("Patient/p", rich.to_string()).await.unwrap();
    assert_eq!(stored.status, 201, "{stored:?}");
    let judged = probe.get(&format!("Patient/p/$validate?mode=profile&profile={PROFILE}")).await.unwrap();
    assert_eq!(judged.status, 200);
    let worst = judged.body["issue"].as_array().unwrap().iter().filter(|issue| issue["severity"] == "error");
    assert_eq!(worst.count(), 0, "{judged:?}");
}
