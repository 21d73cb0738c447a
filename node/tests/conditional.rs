//! Conditional updates and deletes under many writers at once, in any spelling.

use client::api;
use futures::future::join_all;
use testkit::{node::NodeProcess, probe::Probe};

fn start() -> (NodeProcess, Probe) {
    start_with("limits.conditional_delete_max", 1)
}

fn start_with(option: &str, value: u32) -> (NodeProcess, Probe) {
    let node =
        NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap().set(option, value).begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

/// One resource, and each update a version of it: none is lost, none makes a second one.
#[tokio::test(flavor = "multi_thread")]
async fn updates_of_what_matches_make_one_resource_and_lose_none() {
    const WRITERS: usize = 24;
    let (_node, probe) = start();
    for round in 0..4 {
        let writers = (0..WRITERS).map(|writer| {
            let probe = probe.clone();
            async move {
                let body = format!(
                    r#"{{"resourceType":"Patient","language":"w{writer}","active":true,"identifier":[{{"system":"urn:s","value":"v{round}"}}]}}"#
                );
                let criteria = match writer % 3 {
                    0 => format!("identifier=urn:s|v{round}&active=true"),
                    1 => format!("active=true&identifier=urn:s%7Cv{round}"),
                    _ => format!("active=tru%65&identifier=urn%3As|v{round}&_format=json"),
                };
                if writer % 2 == 0 {
                    let answer = probe.call("PUT", &format!("Patient?{criteria}"), &[], body).await.unwrap();
                    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
                    return answer.status == 201;
                }
                let request = api::UpdateRequest {
                    resource_type: "Patient".into(),
                    criteria,
                    body: body.into(),
                    ..Default::default()
                };
                probe.grpc.update(request).await.unwrap().outcome() == api::Outcome::Created
            }
        });
        let created = join_all(writers).await;
        assert_eq!(created.iter().filter(|created| **created).count(), 1, "{created:?}");
        let found = probe.get(&format!("Patient?identifier=urn:s|v{round}&_total=accurate")).await.unwrap();
        assert_eq!(found.body["total"], 1, "{found:?}");
        let version = &found.body["entry"][0]["resource"]["meta"]["versionId"];
        assert_eq!(version.as_str(), Some(WRITERS.to_string().as_str()), "each wrote a version");
    }
}

/// Creates, updates and deletes with the same criteria, and transactions that have them: never two resources.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_rests_on_criteria_keeps_them_to_one() {
    let (_node, probe) = start();
    let writers = (0..16).map(|writer| {
        let probe = probe.clone();
        async move {
            for round in 0..12 {
                let body = format!(
                    r#"{{"resourceType":"Group","type":"person","actual":false,"name":"{writer}-{round}","identifier":[{{"system":"urn:g","value":"1"}}]}}"#
                );
                let entry = |method: &str| {
                    let entry = format!(
                        r#"{{"resource":{body},"request":{{"method":"{method}","url":"Group?identifier=urn:g|1"}}}}"#
                    );
                    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#)
                };
                let answer = match (writer + round) % 4 {
                    0 => probe.call("POST", "Group", &[("if-none-exist", "identifier=urn:g|1")], body).await,
                    1 => probe.call("PUT", "Group?identifier=urn:g|1", &[], body).await,
                    2 => probe.call("POST", "", &[], entry("PUT")).await,
                    _ => probe.call("DELETE", "Group?identifier=urn:g|1", &[], "").await,
                }
                .unwrap();
                assert!(matches!(answer.status, 200 | 201 | 204 | 409), "{answer:?}");
                let total = probe.total("Group?identifier=urn:g|1").await.unwrap();
                assert!(total <= 1, "{total} of them");
            }
        }
    });
    join_all(writers).await;
}

/// The second answer is the first one, though the search finds something else now.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_its_first_answer() {
    let (_node, probe) = start();
    let update = |key: &str, body: String| api::UpdateRequest {
        resource_type: "Group".into(),
        criteria: "identifier=urn:k|1".into(),
        body: body.into(),
        idempotency_key: key.into(),
        ..Default::default()
    };
    let body = |name: &str| {
        format!(
            r#"{{"resourceType":"Group","type":"person","actual":false,"name":"{name}","identifier":[{{"system":"urn:k","value":"1"}}]}}"#
        )
    };
    let first = probe.grpc.update(update("a", body("a"))).await.unwrap();
    assert_eq!(first.outcome(), api::Outcome::Created);
    let second = probe.grpc.update(update("b", body("b"))).await.unwrap();
    assert_eq!((second.id.as_str(), second.version_id.as_str()), (first.id.as_str(), "2"));
    assert_eq!(probe.grpc.update(update("a", body("a"))).await.unwrap(), first);
    assert!(probe.grpc.update(update("a", body("c"))).await.is_err(), "the key came with another request");
    let delete = |key: &str| api::DeleteRequest {
        resource_type: "Group".into(),
        criteria: "identifier=urn:k|1".into(),
        idempotency_key: key.into(),
        ..Default::default()
    };
    let deleted = probe.grpc.delete(delete("d")).await.unwrap();
    assert_eq!((deleted.id.as_str(), deleted.count), (first.id.as_str(), 1));
    let third = probe.grpc.update(update("e", body("e"))).await.unwrap();
    assert_ne!(third.id, first.id);
    assert_eq!(probe.grpc.delete(delete("d")).await.unwrap().id, first.id, "it was deleted then");
    assert_eq!(probe.get(&format!("Group/{}", third.id)).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_deleted_where_that_is_allowed() {
    let (_node, probe) = start_with("limits.conditional_delete_max", 50);
    let statement = probe.get("metadata").await.unwrap().body;
    assert_eq!(statement["rest"][0]["resource"][0]["conditionalDelete"], "multiple");
    for number in 0..51 {
        let (set, body) = (number % 3, "identifier");
        let body = format!(
            r#"{{"resourceType":"Group","type":"person","actual":false,"{body}":[{{"system":"urn:m","value":"{set}"}}]}}"#
        );
        assert_eq!(probe.call("POST", "Group", &[], body).await.unwrap().status, 201);
    }
    let delete = |criteria: &str| api::DeleteRequest {
        resource_type: "Group".into(),
        criteria: criteria.into(),
        ..Default::default()
    };
    let error = probe.grpc.delete(delete("identifier=urn:m|")).await.unwrap_err();
    assert_eq!(error.code(), Some(client::Code::MultipleMatches), "51 match: {error}");
    assert_eq!(probe.total("Group").await.unwrap(), 51);
    let two = probe.grpc.delete(delete("identifier=urn:m|0,urn:m|1")).await.unwrap();
    assert_eq!((two.outcome(), two.count, two.id.as_str()), (api::Outcome::Deleted, 34, ""));
    assert_eq!(probe.total("Group").await.unwrap(), 17);
    let headers = [("prefer", "return=OperationOutcome")];
    let rest = probe.call("DELETE", "Group?identifier=urn:m|2", &headers, "").await.unwrap();
    assert!(rest.status == 200 && rest.body.to_string().contains("17 Group were deleted"), "{rest:?}");
    let none = probe.grpc.delete(delete("identifier=urn:m|2")).await.unwrap();
    assert_eq!((none.outcome(), none.count), (api::Outcome::Unchanged, 0));
    let versioned =
        probe.grpc.delete(api::DeleteRequest { if_match: "1".into(), ..delete("identifier=urn:m|2") });
    assert!(versioned.await.is_err(), "several may match");
}
