//! Search parameters that are not FHIR's own, on several nodes: defined at one, asked at all, while the node that leads everything
//! dies.

use super::{Load, SOON, is_held_by, settled, three};
use client::{Client, Retry, api};
use proto::Code;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

const DEFINITION: &str = r#"{"resourceType":"SearchParameter","id":"own","url":"http://e/own","name":"own","description":"own",
    "status":"active","code":"own-code","base":["Basic"],"type":"token","expression":"Basic.code"}"#;

/// `None`: it is not searchable yet, or was defined anew just now.
async fn ids_of(client: &Client, code: &str) -> Option<Vec<String>> {
    let parameter = api::SearchParameter { name: "own-code".into(), value: code.into() };
    let request = api::SearchRequest {
        resource_type: "Basic".into(),
        parameters: vec![parameter],
        ..Default::default()
    };
    match client.search(request).await {
        Ok(found) => {
            assert!(found.issues.is_empty(), "what is defined is never ignored: {:?}", found.issues);
            Some(found.entries.into_iter().map(|entry| entry.id).collect())
        }
        Err(error) if matches!(error.code(), Some(Code::Conflict | Code::Unavailable)) => None,
        Err(error) => panic!("{error:?}"),
    }
}

async fn finds(node: &NodeProcess, written: &BTreeMap<String, String>) {
    let client = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
    for (id, code) in written.iter().step_by(11) {
        let began = Instant::now();
        let found = loop {
            match ids_of(&client, code).await {
                Some(found) => break found,
                None => assert!(began.elapsed() < SOON, "not searchable at {}", node.grpc),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(found, [id.as_str()], "{code} at {}", node.grpc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_of_one_node_is_all_nodes_and_survives_who_leads() {
    let mut nodes = three().await;
    let load = Load::start(&nodes.each_ref());
    load.progress(300).await;
    let request = api::UpdateRequest {
        resource_type: "SearchParameter".into(),
        id: "own".into(),
        body: DEFINITION.into(),
        ..Default::default()
    };
    Client::connect(&nodes[1].grpc).unwrap().update(request).await.unwrap();
    // It was acknowledged: from now on no node leaves it out.
    for node in &nodes {
        ids_of(&Client::connect(&node.grpc).unwrap().with_retry(Retry::never()), "nothing").await;
    }
    let dies = settled(&nodes[0], "led", |status| status.leader != 0).await.leader as usize - 1;
    nodes[dies].kill9().unwrap();
    load.progress(50).await;
    let written = load.end().await;
    for at in (0..3).filter(|at| *at != dies) {
        finds(&nodes[at], &written).await;
    }
    nodes[dies].restart().unwrap();
    settled(&nodes[dies], "back", |status| is_held_by(status, &[1, 2, 3])).await;
    finds(&nodes[dies], &written).await;
    // It ends everywhere as it is acknowledged.
    let delete = api::DeleteRequest {
        resource_type: "SearchParameter".into(),
        id: "own".into(),
        ..Default::default()
    };
    Client::connect(&nodes[0].grpc).unwrap().delete(delete).await.unwrap();
    for node in &nodes {
        let parameter = api::SearchParameter { name: "own-code".into(), value: "x".into() };
        let request = api::SearchRequest {
            resource_type: "Basic".into(),
            parameters: vec![parameter],
            strict: true,
            ..Default::default()
        };
        let error = Client::connect(&node.grpc).unwrap().search(request).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::BadParameter), "{error:?}");
    }
}
