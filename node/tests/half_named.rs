//! What gRPC can leave out and REST cannot: a request that names half of its target is refused, never answered as if it named
//! nothing, which would be everything.

use client::api;
use proto::Code;
use testkit::{node::NodeProcess, probe::Probe};

#[tokio::test(flavor = "multi_thread")]
async fn half_a_target_is_not_the_whole() {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(probe.put("Patient/p", r#"{"resourceType":"Patient","id":"p"}"#).await.unwrap().status, 201);
    let grpc = &probe.grpc;
    let search = |compartment_type: &str, compartment_id: &str| api::SearchRequest {
        resource_type: "Patient".into(),
        compartment_type: compartment_type.into(),
        compartment_id: compartment_id.into(),
        ..Default::default()
    };
    assert_eq!(grpc.search(search("Patient", "p")).await.unwrap().entries.len(), 1);
    for half in [search("", "p"), search("Patient", "")] {
        let error = grpc.search(half.clone()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::BadRequest), "{error}");
        let error = grpc.search_stream(half).await.map(drop).unwrap_err();
        assert_eq!(error.code(), Some(Code::BadRequest), "{error}");
    }
    let history = api::HistoryRequest { id: "p".into(), ..Default::default() };
    let error = grpc.history(history).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::BadRequest), "{error}");
    let operation = api::OperationRequest { name: "validate".into(), id: "p".into(), ..Default::default() };
    assert!(grpc.operation(operation).await.is_err());
    assert!(grpc.read("", "p").await.is_err() && grpc.vread("Patient", "", "1").await.is_err());
}
