//! `If-Match: *` and lists of versions, of every write: <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1>.

use super::TestNode;
use crate::service::FhirService;
use proto::{Code, Error, api::v1::*};

const MALE: &str =
    r#"{"resourceType":"Patient","id":"a","gender":"male","identifier":[{"system":"urn:s","value":"a"}]}"#;

fn female() -> String {
    MALE.replace("male", "female")
}

async fn put(node: &TestNode, body: &str, if_match: &str) -> Result<WriteResponse, Error> {
    node.put_with(body, |request| request.if_match = if_match.into()).await
}

async fn delete(node: &TestNode, if_match: &str) -> Result<WriteResponse, Error> {
    let request = DeleteRequest {
        resource_type: "Patient".into(),
        id: "a".into(),
        if_match: if_match.into(),
        ..Default::default()
    };
    node.node.delete(&node.context, request).await
}

/// Of the patient with that id, or of the one that matches the criteria.
async fn patch(
    node: &TestNode,
    criteria: &str,
    gender: &str,
    if_match: &str,
) -> Result<WriteResponse, Error> {
    let request = PatchRequest {
        resource_type: "Patient".into(),
        id: if criteria.is_empty() { "a".into() } else { String::new() },
        criteria: criteria.into(),
        kind: PatchKind::Merge as i32,
        body: format!(r#"{{"gender":"{gender}"}}"#).into(),
        if_match: if_match.into(),
        ..Default::default()
    };
    node.node.patch(&node.context, request).await
}

async fn transaction(node: &TestNode, method: &str, if_match: &str) -> Result<serde_json::Value, Error> {
    let resource = if method == "PUT" { format!(r#""resource":{MALE},"#) } else { String::new() };
    let tag = if_match.replace('"', "\\\"");
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[{{{resource}
            "request":{{"method":"{method}","url":"Patient/a","ifMatch":"{tag}"}}}}]}}"#
    );
    node.transaction(&bundle, "").await
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Error>) {
    assert_eq!(answer.unwrap_err().code, Code::VersionConflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_star_asks_for_what_is_there() {
    let node = TestNode::start().await;
    refused(put(&node, MALE, "*").await);
    refused(delete(&node, "*").await);
    refused(transaction(&node, "PUT", "*").await);
    assert_eq!(patch(&node, "", "female", "*").await.unwrap_err().code, Code::NotFound);
    assert_eq!(node.get("Patient/a").await.unwrap_err().code, Code::NotFound, "and nothing was made");
    node.put(MALE).await.unwrap();
    assert_eq!(put(&node, &female(), "*").await.unwrap().version_id, "2");
    assert_eq!(patch(&node, "", "male", "*").await.unwrap().version_id, "3");
    assert_eq!(patch(&node, "identifier=urn:s|a", "female", "*").await.unwrap().version_id, "4");
    transaction(&node, "PUT", "*").await.unwrap();
    assert_eq!(delete(&node, "*").await.unwrap().version_id, "6");
    refused(put(&node, MALE, "*").await);
    refused(delete(&node, "*").await);
    assert_eq!(node.get("Patient/a").await.unwrap_err().code, Code::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_asks_for_one_of_its_versions() {
    let node = TestNode::start().await;
    refused(put(&node, MALE, "W/\"1\", W/\"2\"").await);
    node.put(MALE).await.unwrap();
    refused(put(&node, &female(), "W/\"2\", W/\"3\"").await);
    assert_eq!(put(&node, &female(), "W/\"1\", W/\"2\"").await.unwrap().version_id, "2");
    refused(patch(&node, "", "male", "W/\"1\", W/\"7\"").await);
    assert_eq!(patch(&node, "", "male", "W/\"1\", W/\"2\"").await.unwrap().version_id, "3");
    refused(patch(&node, "identifier=urn:s|a", "female", "\"1\", \"2\"").await);
    assert_eq!(patch(&node, "identifier=urn:s|a", "female", "\"3\", \"2\"").await.unwrap().version_id, "4");
    refused(transaction(&node, "DELETE", "\"3\", \"5\"").await);
    transaction(&node, "PUT", "\"4\", \"5\"").await.unwrap();
    refused(delete(&node, "W/\"3\", W/\"4\"").await);
    assert_eq!(delete(&node, "W/\"4\", W/\"5\"").await.unwrap().version_id, "6");
}
