//! Entries of bundles are asked what the same requests alone are.

use super::TestNode;
use proto::Code;
use serde_json::Value;

const PATIENT: &str =
    r#"{"resourceType":"Patient","id":"a-b","identifier":[{"system":"http://s","value":"1/2"}]}"#;

fn bundle(kind: &str, entries: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(","))
}

fn entry(method: &str, url: &str, resource: &str) -> String {
    let resource = if resource.is_empty() { String::new() } else { format!(r#""resource":{resource},"#) };
    format!(r#"{{{resource}"request":{{"method":"{method}","url":"{url}"}}}}"#)
}

/// The answer of each entry of a batch.
async fn batch(node: &TestNode, entries: &[String]) -> Vec<Value> {
    let answer = node.transaction(&bundle("batch", entries), "").await.unwrap();
    answer["entry"].as_array().unwrap().clone()
}

fn status(answer: &Value) -> &str {
    answer["response"]["status"].as_str().unwrap()
}

fn diagnostics(answer: &Value) -> String {
    answer["response"]["outcome"]["issue"][0]["diagnostics"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_another_type_than_the_url_names_is_refused() {
    let node = TestNode::start().await;
    let other = r#"{"resourceType":"Organization","id":"o","name":"n"}"#;
    let found = r#"{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"1"}]}"#;
    node.post(found, "", "").await.unwrap();
    let conditional = entry("POST", "Patient", other)
        .replace(r#""url":"Patient""#, r#""url":"Patient","ifNoneExist":"identifier=urn:s|1""#);
    for asked in [entry("POST", "Patient", other), entry("PUT", "Patient/o", other), conditional] {
        let one = std::slice::from_ref(&asked);
        let error = node.transaction(&bundle("transaction", one), "").await.unwrap_err();
        assert_eq!(error.code, Code::BadRequest, "{asked}");
        let told = error.diagnostics();
        assert!(told.contains("Patient") && told.contains("Organization"), "{told}");
        assert_eq!(error.issues[0].expression.as_deref(), Some("Bundle.entry[0].resource"), "{asked}");
        let answers = batch(&node, one).await;
        assert_eq!(status(&answers[0]), "400 Bad Request", "{asked}");
        assert!(diagnostics(&answers[0]).contains("Organization"), "{answers:?}");
    }
    assert_eq!(
        (node.count("Organization", "name", "n").await, node.count("Patient", "_id", "o").await),
        (0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn urls_are_percent_decoded() {
    let node = TestNode::start().await;
    let put = entry("PUT", "Patient/a%2Db", PATIENT);
    node.transaction(&bundle("transaction", std::slice::from_ref(&put)), "").await.unwrap();
    let twice = bundle("transaction", &[put, entry("DELETE", "Patient/a-b", "")]);
    assert_eq!(
        node.transaction(&twice, "").await.unwrap_err().code,
        Code::Invalid,
        "two change one resource"
    );
    let found = [
        entry("GET", "Patient/a%2Db", ""),
        entry("GET", "Patient/a%2db/_history/1", ""),
        entry("GET", "Patient?identifier=http%3A%2F%2Fs%7C1%2F2", ""),
        entry("GET", "%50atient?identifier=http://s|1/2&_id=a%2Db", ""),
        entry("GET", "Patient/a%2Db/_history?_since=1970-01-01T00%3A00%3A00Z", ""),
        entry("GET", "Patient/a%2Db/%24validate", ""),
    ];
    let answers = batch(&node, &found).await;
    for (answer, entry) in answers.iter().zip(&found) {
        assert_eq!(status(answer), "200 OK", "{entry}: {answer}");
        let total = &answer["resource"]["total"];
        assert!(total.is_null() || total == 1, "{entry}: {answer}");
    }
    // A slash that is escaped is no separator, and no id has one.
    let refused = [
        entry("GET", "Patient/a%2Fb", ""),
        entry("GET", "Patient/%ff", ""),
        entry("PUT", "Patient/%ff", PATIENT),
        entry("DELETE", "Patient/a%3F", ""),
    ];
    for answer in batch(&node, &refused).await {
        assert_eq!(status(&answer), "400 Bad Request", "{answer}");
    }
    assert!(node.get("Patient/a-b").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_that_are_no_text_are_refused_by_name() {
    let node = TestNode::start().await;
    node.put(PATIENT).await.unwrap();
    let patch = r#"{"resourceType":"Binary","contentType":"application/merge-patch+json","data":"e30="}"#;
    let entries = [
        entry("GET", "Patient?identifier=%ff", ""),
        entry("GET", "Patient/a-b/_history?identifier=%ff", ""),
        entry("GET", "Patient/a-b/$validate?identifier=%ff", ""),
        entry("PATCH", "Patient?identifier=%ff", patch),
        entry("POST", "Patient", PATIENT)
            .replace(r#""url":"Patient""#, r#""url":"Patient","ifNoneExist":"identifier=%ff""#),
    ];
    for (number, answer) in batch(&node, &entries).await.iter().enumerate() {
        assert_eq!(status(answer), "400 Bad Request", "entry {number}: {answer}");
        assert!(diagnostics(answer).contains("'identifier'"), "entry {number}: {answer}");
    }
    let create = bundle("transaction", &entries[4..]);
    let refer = r#"{"resourceType":"Observation","status":"final","code":{"text":"c"},"subject":{"reference":"Patient?identifier=%ff"}}"#;
    let refer = bundle("transaction", &[entry("POST", "Observation", refer)]);
    for whole in [create, refer] {
        let error = node.transaction(&whole, "").await.unwrap_err();
        assert!(error.code.http() == 400 && error.diagnostics().contains("'identifier'"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_answers_as_get_does_without_the_body() {
    let node = TestNode::start().await;
    node.put(PATIENT).await.unwrap();
    let urls = ["Patient/a-b", "Patient/a-b/_history/1", "Patient?_id=a-b", "metadata", "Patient/none"];
    for kind in ["batch", "transaction"] {
        let asked = |method: &str| urls.map(|url| entry(method, url, ""));
        let answers = |method: &str| {
            let whole = bundle(kind, &asked(method));
            let node = &node;
            async move { node.transaction(&whole, "").await.unwrap()["entry"].as_array().unwrap().clone() }
        };
        for (get, head) in answers("GET").await.iter().zip(&answers("HEAD").await) {
            assert_eq!(get["response"], head["response"], "{kind}");
            assert!(head.get("resource").is_none(), "{kind}: {head}");
            assert_eq!(get.get("resource").is_some(), status(get) == "200 OK", "{kind}: {get}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_since_the_last_instant_is_empty() {
    let node = TestNode::start().await;
    node.put(PATIENT).await.unwrap();
    for path in ["Patient/a-b/_history", "Patient/_history", "_history"] {
        let found = |since: &str| entry("GET", &format!("{path}?_since={since}"), "");
        let answers = batch(&node, &[found("9999-12-31T23:59:59Z"), found("1960-01-01")]).await;
        let entries = |answer: &Value| answer["resource"]["entry"].as_array().map_or(0, Vec::len);
        assert!(answers.iter().all(|answer| status(answer) == "200 OK"), "{answers:?}");
        assert_eq!((entries(&answers[0]), entries(&answers[1])), (0, 1), "{path}");
    }
}
