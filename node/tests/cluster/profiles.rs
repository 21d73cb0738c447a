//! A profile that all nodes are configured to demand is stored in the cluster, in partitions that a node may not hold, as one that joined just
//! now holds none: it starts, and stores nothing that the profile forbids.

use super::{SOON, five::put, join_with, node, settled};
use client::{Client, Retry, api};
use proto::Code;
use std::time::Instant;
use testkit::node::NodeProcess;

const PROFILE: &str = "http://example.org/StructureDefinition/born";
const DEFINITION: &str = r#"{"resourceType":"StructureDefinition","id":"born","url":"http://example.org/StructureDefinition/born","name":"Born",
    "status":"active","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint",
    "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
    "differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]}}"#;

fn demanding(node: NodeProcess) -> NodeProcess {
    node.set("validation.level", "full").set("validation.profiles", PROFILE)
}

async fn write(client: &Client, id: &str, born: &str) -> Result<api::WriteResponse, client::Error> {
    let began = Instant::now();
    loop {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}"{born}}}"#);
        match client.update(put("Patient", id, body)).await {
            // Who leads is not known yet.
            Err(error) if error.code() == Some(Code::Unavailable) && began.elapsed() < SOON => {
                assert!(!error.to_string().contains(PROFILE), "{error}");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            other => return other,
        }
    }
}

async fn holds_at(node: &NodeProcess, name: &str) {
    let client = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
    let refused = write(&client, &format!("{name}-bad"), "").await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::Invalid), "{refused}");
    assert!(refused.to_string().contains("birthDate"), "{refused}");
    write(&client, &format!("{name}-good"), r#","birthDate":"1970-01-01""#).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_definition_of_its_profile_starts_and_demands_it() {
    let mut first = node().set("storage.partitions", 4).set("validation.level", "full").begin().unwrap();
    let client = Client::connect(&first.grpc).unwrap();
    client.update(put("StructureDefinition", "born", DEFINITION.to_owned())).await.unwrap();
    // All demand the same, whichever leads what is written.
    first.terminate().unwrap();
    first.change("validation.profiles", PROFILE);
    first.restart().unwrap();
    let mut nodes = vec![first];
    for number in 2..=5 {
        let joined = join_with(&nodes[0], demanding(node()));
        // Before and after it was given what it is to hold.
        holds_at(&joined, &format!("new{number}")).await;
        nodes.push(joined);
    }
    settled(&nodes[4], "shared", |status| {
        let fed = |node: &api::NodeStatus| node.lag == 0;
        status.nodes.len() == 5
            && status.nodes.iter().all(fed)
            && status.groups[1..]
                .iter()
                .all(|group| group.leader != 0 && group.voters.len() == 3 && !group.changing)
    })
    .await;
    // Each partition is on three of five: killed and started, two at least come up without the one that has the definition.
    for (number, node) in nodes.iter_mut().enumerate().skip(1) {
        node.kill9().unwrap();
        node.restart().unwrap();
        holds_at(node, &format!("again{number}")).await;
    }
}
