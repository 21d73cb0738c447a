//! Whose definitions count: what is stored comes before R4's own, and a configured profile is for its type alone.

use serde_json::{Value, json};
use testkit::{node::NodeProcess, probe::Probe};

const GENDER: &str = "http://hl7.org/fhir/ValueSet/administrative-gender";

fn start(options: &[(&str, &str)]) -> (NodeProcess, Probe) {
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    for (option, value) in options {
        node = node.set(option, value);
    }
    let node = node.begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

/// The codes of the value set with that canonical.
async fn codes(probe: &Probe, canonical: &str) -> Vec<String> {
    let answer = probe.get(&format!("ValueSet/$expand?url={canonical}")).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let contains = answer.body["expansion"]["contains"].as_array().unwrap();
    contains.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_comes_before_r4s_own() {
    let (_node, probe) = start(&[]);
    let of_r4 = codes(&probe, GENDER).await;
    assert_eq!(of_r4.len(), 4, "{of_r4:?}");
    let own = json!({
        "resourceType": "ValueSet", "id": "own", "status": "active", "url": GENDER, "version": "9",
        "compose": {"include": [{"system": "urn:own", "concept": [{"code": "own"}]}]},
    });
    assert_eq!(probe.put("ValueSet/own", own.to_string()).await.unwrap().status, 201);
    assert_eq!(codes(&probe, GENDER).await, ["own"]);
    assert_eq!(codes(&probe, &format!("{GENDER}%7C9")).await, ["own"]);
    // A version that only R4 has is R4's.
    assert_eq!(codes(&probe, &format!("{GENDER}%7C4.0.1")).await, of_r4);
    assert_eq!(probe.call("DELETE", "ValueSet/own", &[], "").await.unwrap().status, 204);
    assert_eq!(codes(&probe, GENDER).await, of_r4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_profile_is_for_its_type_alone() {
    let weight = "http://hl7.org/fhir/StructureDefinition/bodyweight";
    let (_node, probe) = start(&[("validation.level", "full"), ("validation.profiles", weight)]);
    let put = async |resource: Value| {
        let place = format!("{}/a", resource["resourceType"].as_str().unwrap());
        probe.put(&place, resource.to_string()).await.unwrap()
    };
    let patient = put(json!({"resourceType": "Patient", "id": "a", "active": true})).await;
    assert_eq!(patient.status, 201, "{}", patient.text);
    let plain = json!({"resourceType": "Observation", "id": "a", "status": "final", "code": {"text": "x"}});
    let refused = put(plain).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("BodyWeightCode"), "{}", refused.text);
}
