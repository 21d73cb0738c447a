//! A caller that leaves gives back what its request holds, whatever it was about to do; and so does one that stays.

use super::mock::Running;
use crate::bounds::{Held, weight};
use bytes::Bytes;
use futures::StreamExt;
use proto::api::v1::{
    CreateRequest, WriteStreamRequest, fhir_client::FhirClient, write_stream_request::Request as Write,
};
use reqwest::Client;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::transport::Channel;

const NOTHING: Held = Held { requests: 0, bytes: 0 };

/// Waits until just this is held.
async fn until(running: &Running, wanted: Held) {
    let reached = async {
        while running.bounds.held() != wanted {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(10), reached).await;
    assert!(reached.is_ok(), "held is {:?}, not {wanted:?}", running.bounds.held());
}

async fn client(running: &Running) -> FhirClient<Channel> {
    FhirClient::new(Channel::from_shared(running.grpc.clone()).unwrap().connect().await.unwrap())
}

fn hanging() -> CreateRequest {
    let body = Bytes::from_static(b"hang");
    CreateRequest { resource_type: "Patient".to_owned(), body, ..CreateRequest::default() }
}

#[tokio::test]
async fn in_the_middle_of_a_head_or_a_body() {
    let running = Running::start().await;
    let address = running.rest.trim_start_matches("http://");
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-len").await.unwrap();
    drop(peer);
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
    peer.write_all(&[b' '; 400]).await.unwrap();
    until(&running, Held { requests: 0, bytes: 400 }).await;
    peer.write_all(&[b' '; 300]).await.unwrap();
    until(&running, Held { requests: 0, bytes: 700 }).await;
    drop(peer);
    until(&running, NOTHING).await;
}

#[tokio::test]
async fn while_the_work_goes_on() {
    let running = Running::start().await;
    let post = || Client::new().post(format!("{}/fhir/Patient", running.rest)).body("hang").send();
    let (one, other) = (tokio::spawn(post()), tokio::spawn(post()));
    let each = 4 + weight::of_write(b"hang");
    until(&running, Held { requests: 2, bytes: 2 * each }).await;
    one.abort();
    until(&running, Held { requests: 1, bytes: each }).await;
    other.abort();
    until(&running, NOTHING).await;
}

#[tokio::test]
async fn over_grpc_alone_and_on_a_stream() {
    let running = Running::start().await;
    let mut client = client(&running).await;
    let mut alone = client.clone();
    let alone = tokio::spawn(async move { alone.create(hanging()).await });
    let frame = 5 + prost::Message::encoded_len(&hanging());
    until(&running, Held { requests: 1, bytes: frame + weight::of_write(b"hang") }).await;
    alone.abort();
    until(&running, NOTHING).await;
    let write = |sequence| WriteStreamRequest { sequence, request: Some(Write::Create(hanging())) };
    let frames: usize = (1..=3).map(|sequence| 5 + prost::Message::encoded_len(&write(sequence))).sum();
    // The stream stays open behind its writes: their shares are theirs.
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let open = futures::stream::once(ended).filter_map(|_| std::future::ready(None));
    let requests = futures::stream::iter((1..=3).map(write)).chain(open);
    let answers = client.write_stream(requests).await.unwrap();
    until(&running, Held { requests: 3, bytes: frames + 3 * weight::of_write(b"hang") }).await;
    drop((end, answers));
    until(&running, NOTHING).await;
}

#[tokio::test]
async fn after_any_answer() {
    let change = |config: &mut crate::config::Config| {
        config.limits.request_timeout_ms = 50;
        config.rest.body_bytes_max = 1000;
    };
    let running = Running::with(change).await;
    let large = "x".repeat(2000);
    for (body, status) in
        [("{\"a\":1}", 201), ("{}", 422), ("", 400), ("panic", 500), ("hang", 504), (&*large, 413)]
    {
        let post = Client::new().post(format!("{}/fhir/Patient", running.rest)).body(body.to_owned());
        assert_eq!(post.send().await.unwrap().status(), status, "{body}");
        until(&running, NOTHING).await;
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_over_both_wires() {
    let max = 64 << 10;
    let running = Running::with(|config| config.limits.requests_bytes_max = max).await;
    let post = |body: String| Client::new().post(format!("{}/fhir/Patient", running.rest)).body(body).send();
    let mut client = client(&running).await;
    let mut create = async |body: String| {
        let body = Bytes::from(body);
        let status = client.create(CreateRequest { body, ..hanging() }).await.unwrap_err();
        proto::error::detail_of(&status).unwrap().code
    };
    // Its bytes alone would fit, the work on them never will.
    assert_eq!(post("x".repeat(max / 2)).await.unwrap().status(), 413);
    assert_eq!(post("x".repeat(max + 1)).await.unwrap().status(), 413);
    assert_eq!(create("x".repeat(max / 2)).await, "TOO_LARGE");
    assert_eq!(create("x".repeat(2 * max)).await, "TOO_LARGE");
    until(&running, NOTHING).await;
    // Another request has nearly all of it.
    let other = running.bounds.share();
    other.take(max - 1000).unwrap();
    let refused = post("x".repeat(999)).await.unwrap();
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (429, &b"1"[..]));
    assert_eq!(post("x".repeat(2000)).await.unwrap().status(), 429);
    assert_eq!(create("x".repeat(500)).await, "OVERLOADED");
    assert_eq!(create("x".repeat(2000)).await, "OVERLOADED");
    drop(other);
    assert_eq!(post("x".repeat(999)).await.unwrap().status(), 201);
    until(&running, NOTHING).await;
}
