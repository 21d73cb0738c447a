//! An idempotency key belongs to the request it came with, and its answer is found wherever things are by then.

use super::TestNode;
use proto::{Code, api::v1::*};

const IN_A: &str = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"valueInteger":1}"#;
const IN_B: &str = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/b"},"valueInteger":1}"#;

async fn history_len(node: &TestNode, name: &str) -> usize {
    node.history(name).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_request_under_the_same_key_is_refused() {
    let node = TestNode::start().await;
    node.post(r#"{"resourceType":"Organization","name":"One"}"#, "", "k").await.unwrap();
    let other = node.post(r#"{"resourceType":"Organization","name":"Two"}"#, "", "k").await.unwrap_err();
    assert_eq!(other.code, Code::KeyReused);
    assert_eq!((node.count("Organization", "name", "Two").await, other.code.http()), (0, 422));
    for other in [IN_A, r#"{"resourceType":"Patient","id":"p"}"#] {
        let refused = node.put_with(other, |request| request.idempotency_key = "k".into()).await.unwrap_err();
        assert_eq!(refused.code, Code::KeyReused, "whatever partition it would go to");
    }
    let same = node.post(r#"{"resourceType":"Organization","name":"One"}"#, "", "k").await.unwrap();
    assert_eq!((node.count("Organization", "name", "One").await, same.version_id.as_str()), (1, "1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_repeated_after_the_resource_moved_is_not_applied_again() {
    let node = TestNode::start().await;
    node.put(IN_A).await.unwrap();
    let patch = r#"{"valueInteger":2}"#;
    let first = node.merge("Observation/o", patch, "k").await.unwrap();
    let moved = IN_B.replace("\"valueInteger\":1", "\"valueInteger\":7");
    node.put(&moved).await.unwrap();
    let again = node.merge("Observation/o", patch, "k").await.unwrap();
    assert_eq!((first.version_id, first.body), (again.version_id, again.body));
    assert_eq!(history_len(&node, "Observation/o").await, 3);
    let body = String::from_utf8(node.get("Observation/o").await.unwrap().body.to_vec()).unwrap();
    assert!(body.contains("\"valueInteger\":7"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_repeated_after_the_resource_was_made_again_elsewhere_deletes_nothing() {
    let node = TestNode::start().await;
    node.put(IN_A).await.unwrap();
    node.delete("Observation", "o", "k").await.unwrap();
    node.put(IN_B).await.unwrap();
    let again = node.delete("Observation", "o", "k").await.unwrap();
    assert_eq!((again.outcome, again.version_id.as_str()), (Outcome::Deleted as i32, "2"));
    assert!(node.get("Observation/o").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_repeated_patches_once_although_it_finds_what_it_created() {
    let node = TestNode::start().await;
    node.put(IN_A).await.unwrap();
    let patch = "eyJ2YWx1ZUludGVnZXIiOjJ9"; // {"valueInteger":2}
    let bundle = format!(
        r#"{{"resourceType":"Bundle","type":"transaction","entry":[
        {{"resource":{{"resourceType":"Organization","identifier":[{{"system":"urn:s","value":"1"}}],"name":"N"}},
          "request":{{"method":"POST","url":"Organization","ifNoneExist":"identifier=urn:s|1"}}}},
        {{"resource":{{"resourceType":"Binary","contentType":"application/merge-patch+json","data":"{patch}"}},
          "request":{{"method":"PATCH","url":"Observation/o"}}}}]}}"#
    );
    let first = node.transaction(&bundle, "k").await.unwrap();
    node.put(&IN_B.replace("\"valueInteger\":1", "\"valueInteger\":7")).await.unwrap();
    let again = node.transaction(&bundle, "k").await.unwrap();
    assert_eq!(history_len(&node, "Observation/o").await, 3);
    assert_eq!(node.count("Organization", "name", "N").await, 1);
    let locations = |answer: &serde_json::Value| {
        let entries = answer["entry"].as_array().unwrap().clone();
        entries.iter().map(|entry| entry["response"]["location"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(locations(&first), locations(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conditional_create_repeated_gets_its_first_answer() {
    let node = TestNode::start().await;
    let body = r#"{"resourceType":"Organization","identifier":[{"system":"urn:s","value":"1"}]}"#;
    let first = node.post(body, "identifier=urn:s|1", "k").await.unwrap();
    let again = node.post(body, "identifier=urn:s|1", "k").await.unwrap();
    assert_eq!((first.outcome, &first.id), (Outcome::Created as i32, &again.id));
    assert_eq!(again.outcome, first.outcome);
    let unkeyed = node.post(body, "identifier=urn:s|1", "").await.unwrap();
    assert_eq!(unkeyed.outcome, Outcome::Unchanged as i32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_twice_at_once_is_done_once() {
    let node = std::sync::Arc::new(TestNode::start().await);
    node.put(IN_A).await.unwrap();
    for round in 0..20 {
        let key = format!("k{round}");
        let patch = format!(r#"{{"valueInteger":{}}}"#, round + 10);
        let one = |node: std::sync::Arc<TestNode>, key: String, patch: String| {
            tokio::spawn(async move { node.merge("Observation/o", &patch, &key).await.unwrap() })
        };
        let all = [0; 4].map(|_| one(node.clone(), key.clone(), patch.clone()));
        let mut answers = vec![];
        for answer in all {
            answers.push(answer.await.unwrap());
        }
        assert!(answers.iter().all(|answer| answer.version_id == answers[0].version_id), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.outcome == Outcome::Updated as i32), "{answers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_nothing_the_first_time_changes_nothing_again() {
    let node = TestNode::start().await;
    let keyed = |request: &mut UpdateRequest| request.idempotency_key = "put".into();
    node.put(IN_A).await.unwrap();
    node.put_with(IN_A, keyed).await.unwrap();
    node.put(&IN_A.replace("\"valueInteger\":1", "\"valueInteger\":2")).await.unwrap();
    let again = node.put_with(IN_A, keyed).await.unwrap();
    assert_eq!((again.outcome, again.version_id.as_str()), (Outcome::Unchanged as i32, "1"));
    node.delete("Observation", "o", "").await.unwrap();
    node.delete("Observation", "o", "delete").await.unwrap();
    node.put(IN_B).await.unwrap();
    let again = node.delete("Observation", "o", "delete").await.unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged as i32);
    assert_eq!(
        (history_len(&node, "Observation/o").await, node.get("Observation/o").await.is_ok()),
        (4, true)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conditional_create_that_found_its_match_creates_nothing_when_repeated() {
    let node = TestNode::start().await;
    let body = r#"{"resourceType":"Organization","identifier":[{"system":"urn:s","value":"1"}]}"#;
    let there = node.post(body, "", "").await.unwrap();
    let first = node.post(body, "identifier=urn:s|1", "k").await.unwrap();
    node.delete("Organization", &there.id, "").await.unwrap();
    let again = node.post(body, "identifier=urn:s|1", "k").await.unwrap();
    assert_eq!((first.id, first.version_id), (again.id, again.version_id));
    assert_eq!(node.count("Organization", "identifier", "urn:s|1").await, 0);
}
