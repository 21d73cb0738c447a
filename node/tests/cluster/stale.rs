//! Reads of a moment that has passed, from a node that is left alone.

use super::{SOON, three};
use client::{Client, Retry, api};
use parking_lot::Mutex;
use reqwest::{Method, Response};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

const STALE: &str = "x-salamander-stale-ms";

async fn ask(node: &NodeProcess, method: Method, path: &str, stale_ms: u64) -> Response {
    let request = reqwest::Client::new().request(method, format!("{}/{path}", node.rest));
    request.header(STALE, stale_ms).send().await.unwrap()
}

fn age(response: &Response) -> u64 {
    response.headers()["x-salamander-age-ms"].to_str().unwrap().parse().unwrap()
}

async fn put(node: &NodeProcess, path: &str, body: &str) {
    let request = reqwest::Client::new().put(format!("{}/{path}", node.rest));
    let request = request.header("content-type", "application/fhir+json").body(body.to_owned());
    assert!(request.send().await.unwrap().status().is_success());
}

/// Until the node says that what it has is so old, but no older than it may be.
async fn ages(node: &NodeProcess, to_ms: u64) {
    let began = Instant::now();
    loop {
        let read = ask(node, Method::GET, "Patient/p", 3_600_000).await;
        assert_eq!(read.status(), 200);
        if age(&read) >= to_ms {
            return;
        }
        assert!(began.elapsed() < SOON, "{}", age(&read));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_others_answers_as_of_before() {
    let [mut first, mut second, third] = three().await;
    put(&first, "Patient/p", r#"{"resourceType":"Patient","id":"p","active":true}"#).await;
    let observation = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},"subject":{"reference":"Patient/p"}}"#;
    put(&second, "Observation/o", observation).await;
    // While all are there it is as if it was current, and no older than it may be.
    for node in [&first, &second, &third] {
        let read = ask(node, Method::GET, "Observation/o", 0).await;
        assert_eq!((read.status().as_u16(), age(&read)), (200, 0));
    }
    first.kill9().unwrap();
    second.kill9().unwrap();
    ages(&third, 500).await;
    for path in [
        "Patient/p",
        "Observation/o",
        "Observation/o/_history/1",
        "Observation/o/_history",
        "Observation?patient=p&status=final",
    ] {
        let read = ask(&third, Method::GET, path, 3_600_000).await;
        let (status, old) = (read.status(), age(&read));
        let body = read.text().await.unwrap();
        assert!(status == 200 && old >= 500, "{path}: {status}, {old}: {body}");
        assert!(path == "Patient/p" || body.contains("Patient/p"), "{path}: {body}");
    }
    let ages_told = Arc::new(Mutex::new(vec![]));
    let hears = ages_told.clone();
    let client = Client::connect(&third.grpc).unwrap().with_retry(Retry::never());
    let stale = client.with_stale(Duration::from_secs(3_600), move |age| hears.lock().push(age));
    assert_eq!(stale.read("Patient", "p").await.unwrap().id, "p");
    assert!(matches!(ages_told.lock()[..], [age] if age >= Duration::from_millis(500)));
    // What is too old, current, or of all records needs the others.
    let late = client.with_deadline(Duration::from_secs(2));
    assert!(late.read("Patient", "p").await.is_err());
    let old = stale.with_stale(Duration::from_millis(100), |_| {}).with_deadline(Duration::from_secs(12));
    let error = old.read("Patient", "p").await.unwrap_err().to_string();
    assert!(error.contains("ms old"), "{error}");
    let all = api::SearchRequest { resource_type: "Patient".into(), ..Default::default() };
    assert!(stale.with_deadline(Duration::from_secs(2)).search(all).await.is_err());
    // It is no way to write.
    let error = stale.delete(api::DeleteRequest {
        resource_type: "Patient".into(),
        id: "p".into(),
        ..Default::default()
    });
    let error = error.await.unwrap_err().to_string();
    assert!(error.contains(STALE) && error.contains("delete"), "{error}");
    assert_eq!(ask(&third, Method::DELETE, "Patient/p", 1).await.status(), 400);
    let wrong = reqwest::Client::new().get(format!("{}/Patient/p", third.rest)).header(STALE, "5s");
    assert_eq!(wrong.send().await.unwrap().status(), 400);
}
