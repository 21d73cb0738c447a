use super::{Error, Server, mock::Running};
use crate::{config::Config, observe::Readiness};
use reqwest::Client;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn a_taken_port_is_named() {
    let running = Running::start().await;
    let mut config = Config::default();
    config.rest.listen = running.rest.trim_start_matches("http://").to_owned();
    let error = Server::bind(&config, None).await.err().unwrap();
    assert!(matches!(error, Error::Taken { option: "rest.listen", .. }), "{error}");
    config.rest.listen = "no such host:1".to_owned();
    assert!(matches!(Server::bind(&config, None).await.err().unwrap(), Error::Bind { .. }));
}

#[tokio::test]
async fn health_and_metrics_are_served() {
    let running = Running::start().await;
    let client = Client::new();
    let get = |path: &str| client.get(format!("{}{path}", running.rest)).send();
    assert_eq!(get("/health/live").await.unwrap().status(), 200);
    assert_eq!(get("/health/ready").await.unwrap().status(), 200);
    running.readiness.send_replace(Readiness::not_ready("no leader for 3"));
    let not_ready = get("/health/ready").await.unwrap();
    assert_eq!(not_ready.status(), 503);
    assert!(not_ready.text().await.unwrap().contains("no leader for 3"));
    get("/fhir/Patient/none").await.unwrap();
    let page = get("/metrics").await.unwrap().text().await.unwrap();
    assert!(
        page.contains(r#"salamander_requests_total{wire="rest",interaction="read",code="NOT_FOUND"}"#),
        "{page}"
    );
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_takes_no_more() {
    let running = Running::with(|config| config.limits.request_timeout_ms = 300).await;
    let client = Client::new();
    let hanging = client.post(format!("{}/fhir/Patient", running.rest)).body("hang").send();
    let hanging = tokio::spawn(hanging);
    while running.mock.seen.lock().is_none() {
        tokio::task::yield_now().await;
    }
    running.stopper.stop();
    // The request was under way: it gets its answer, here that its deadline passed.
    assert_eq!(hanging.await.unwrap().unwrap().status(), 504);
    running.served.await.unwrap().unwrap();
    let address = running.rest.trim_start_matches("http://");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_grace_period_ends() {
    let running = Running::with(|config| config.node.shutdown_grace_ms = 50).await;
    let hanging = Client::new().post(format!("{}/fhir/Patient", running.rest)).body("hang").send();
    let hanging = tokio::spawn(hanging);
    while running.mock.seen.lock().is_none() {
        tokio::task::yield_now().await;
    }
    running.stopper.stop();
    running.served.await.unwrap().unwrap();
    hanging.abort();
}

#[tokio::test]
async fn slow_peers_are_dropped() {
    let running = Running::with(|config| config.rest.header_timeout_ms = 50).await;
    let address = running.rest.trim_start_matches("http://");
    for begun in [&b""[..], b"P", b"GET /fhir/metadata HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(begun).await.unwrap();
        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), peer.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "a peer that sent {begun:?} is still connected");
    }
}

#[tokio::test]
async fn a_head_that_cannot_be_read_is_told_what_is_wrong_in_it() {
    let running = Running::start().await;
    let address = running.rest.trim_start_matches("http://");
    let mut peer = TcpStream::connect(address).await.unwrap();
    // A good request before it on the same connection is not what is looked at.
    peer.write_all(b"GET /fhir/metadata HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    peer.read_exact(&mut first).await.unwrap();
    peer.write_all(b"GET /fhir/Patient?birth").await.unwrap();
    peer.write_all(b"date=>2020 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answers = Vec::new();
    peer.read_to_end(&mut answers).await.unwrap();
    let answers = String::from_utf8(answers).unwrap();
    assert!(answers.contains("400 Bad Request") && answers.contains("write it as %3E"), "{answers}");
}
