//! `validation.level`: what each of off, structure and full lets through to the store, over every way to write.

use client::api;
use serde_json::{Value, json};
use testkit::{node::NodeProcess, probe::Probe};

/// Right in structure, wrong by the definitions: the code is not in the required value set.
fn wrong_code(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "gender": "man"})
}

fn wrong_structure(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "colour": "red"})
}

fn right(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "gender": "male"})
}

/// The statuses of the same resource by update, in a transaction, in a batch, and on a write stream.
async fn statuses(probe: &Probe, resource: impl Fn(&str) -> Value) -> [u16; 4] {
    let update = probe.put("Patient/a", resource("a").to_string()).await.unwrap();
    let bundle = |kind: &str, id: &str| {
        let entry =
            json!({"resource": resource(id), "request": {"method": "PUT", "url": format!("Patient/{id}")}});
        json!({"resourceType": "Bundle", "type": kind, "entry": [entry]}).to_string()
    };
    let transaction = probe.call("POST", "", &[], bundle("transaction", "b")).await.unwrap();
    let batch = probe.call("POST", "", &[], bundle("batch", "c")).await.unwrap();
    let in_batch = batch.body["entry"][0]["response"]["status"].as_str().unwrap();
    let streamed = api::UpdateRequest {
        resource_type: "Patient".into(),
        id: "d".into(),
        body: resource("d").to_string().into(),
        ..Default::default()
    };
    let writer = probe.grpc.writer(1);
    let streamed = match writer.write(client::Write::Update(streamed)).await {
        Ok(_) => 201,
        Err(error) => error.code().unwrap().http(),
    };
    [update.status, transaction.status, in_batch[..3].parse().unwrap(), streamed]
}

async fn at(level: &str) -> (NodeProcess, Probe) {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let node = node.set("validation.level", level).begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

#[tokio::test(flavor = "multi_thread")]
async fn off_stores_whatever_is_json_of_a_known_type() {
    let (_node, probe) = at("off").await;
    assert_eq!(statuses(&probe, wrong_structure).await, [201, 200, 201, 201]);
    assert_eq!(probe.total("Patient").await.unwrap(), 4);
    let unknown = probe.call("POST", "Patient", &[], r#"{"resourceType":"Colour"}"#).await.unwrap();
    assert_eq!(unknown.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn structure_stores_what_is_right_in_structure() {
    let (_node, probe) = at("structure").await;
    assert_eq!(statuses(&probe, wrong_structure).await, [422, 422, 422, 422]);
    assert_eq!(probe.total("Patient").await.unwrap(), 0);
    assert_eq!(statuses(&probe, wrong_code).await, [201, 200, 201, 201]);
    assert_eq!(probe.total("Patient").await.unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn full_stores_what_the_definitions_allow() {
    let (_node, probe) = at("full").await;
    assert_eq!(statuses(&probe, wrong_structure).await, [422, 422, 422, 422]);
    assert_eq!(statuses(&probe, wrong_code).await, [422, 422, 422, 422]);
    assert_eq!(probe.total("Patient").await.unwrap(), 0);
    let told = probe.put("Patient/a", wrong_code("a").to_string()).await.unwrap();
    assert_eq!(told.body["issue"][0]["expression"][0], "Patient.gender", "{told:?}");
    assert_eq!(statuses(&probe, right).await, [201, 200, 201, 201]);
    assert_eq!(probe.total("Patient").await.unwrap(), 4);
}

#[test]
fn other_levels_and_unknown_profiles_do_not_start() {
    let start = |option: &str, value: &str| {
        let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
        let node = node.set("validation.level", "full").set(option, value).begin();
        node.map(|_| ()).unwrap_err().to_string()
    };
    let level = start("validation.level", "strict");
    assert!(level.contains("validation.level"), "{level}");
    let profile = start("validation.profiles", "http://example.org/none");
    assert!(profile.contains("http://example.org/none"), "{profile}");
    let package = start("conformance.packages", "/nowhere/guide.tgz");
    assert!(package.contains("/nowhere/guide.tgz"), "{package}");
}
