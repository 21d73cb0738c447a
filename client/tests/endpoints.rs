//! Several endpoints of one service.

mod fake;

use client::{Balance, Client, Code, Options, Retry, Write, api};
use fake::Fake;
use std::time::Duration;

fn options(balance: Balance) -> Options {
    let retry = Retry { backoff_first: Duration::from_millis(1), ..Retry::default() };
    Options { balance, retry, ..Options::default() }
}

async fn client_of(fakes: &[Fake], balance: Balance) -> Client {
    let mut endpoints = Vec::new();
    for fake in fakes {
        endpoints.push(format!("http://{}", fake.serve().await));
    }
    Client::connect_any(endpoints, &options(balance)).unwrap()
}

fn calls(fakes: &[Fake]) -> Vec<usize> {
    fakes.iter().map(|fake| fake.metadata.lock().unwrap().len()).collect()
}

#[tokio::test]
async fn round_robin_takes_each_in_turn() {
    let fakes = [Fake::default(), Fake::default(), Fake::default()];
    let client = client_of(&fakes, Balance::RoundRobin).await;
    for _ in 0..9 {
        client.read("Patient", "a").await.unwrap();
    }
    assert_eq!(calls(&fakes), [3, 3, 3]);
}

#[tokio::test]
async fn failover_stays_until_the_endpoint_fails() {
    // The first one refuses once, and is not asked again while the second answers.
    let fakes = [Fake::failing([Code::Unavailable]), Fake::default()];
    let client = client_of(&fakes, Balance::Failover).await;
    for _ in 0..5 {
        client.create(api::CreateRequest::default()).await.unwrap();
    }
    assert_eq!(calls(&fakes), [1, 5]);
    assert_eq!(fakes[0].keys()[0], fakes[1].keys()[0], "the same write under the same key");
}

#[tokio::test]
async fn what_the_request_is_to_blame_for_is_no_reason_to_go_elsewhere() {
    let fakes = [Fake::failing([Code::Overloaded, Code::Invalid]), Fake::default()];
    let client = client_of(&fakes, Balance::Failover).await;
    assert!(client.create(api::CreateRequest::default()).await.is_err());
    client.create(api::CreateRequest::default()).await.unwrap();
    assert_eq!(calls(&fakes), [3, 0]);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_left_alone() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let fake = Fake::default();
    let there = format!("http://{}", fake.serve().await);
    for balance in [Balance::Failover, Balance::RoundRobin] {
        let client = Client::connect_any([&gone, &there], &options(balance)).unwrap();
        for _ in 0..4 {
            client.read("Patient", "a").await.unwrap();
        }
        // A stream of writes goes elsewhere as well.
        let client = Client::connect_any([&gone, &there], &options(balance)).unwrap();
        client.writer(1).write(Write::Update(api::UpdateRequest::default())).await.unwrap();
        let client =
            Client::connect_any([&gone, &gone], &options(balance)).unwrap().with_retry(Retry::never());
        assert!(!client.read("Patient", "a").await.unwrap_err().may_have_applied());
    }
    assert_eq!(calls(&[fake]), [8]);
}
