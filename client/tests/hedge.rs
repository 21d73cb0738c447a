//! Hedged reads.

mod fake;

use client::{Attempt, Client, Error, Interceptor, Options, Retry, api};
use fake::{Fake, cluster::cluster_of};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const AFTER: Duration = Duration::from_millis(20);
/// Nobody waits for it.
const SLOW: Duration = Duration::from_secs(20);

fn calls(fakes: &[Fake]) -> Vec<usize> {
    fakes.iter().map(|fake| fake.metadata.lock().unwrap().len()).collect()
}

/// The first endpoint is slow; there is no map.
async fn slow_first(fakes: &[Fake]) -> Client {
    let endpoints = cluster_of(7, fakes).await;
    *fakes[0].slow.lock().unwrap() = SLOW;
    let options = Options { routing: false, ..Options::default() };
    Client::connect_any(&endpoints, &options).unwrap()
}

#[tokio::test]
async fn a_slow_read_is_answered_by_another_endpoint() {
    let fakes = [Fake::default(), Fake::default()];
    let client = slow_first(&fakes).await.with_hedge(AFTER);
    let began = Instant::now();
    assert_eq!(client.read("Patient", "a").await.unwrap().id, "a");
    assert!(began.elapsed() < SLOW / 2);
    assert_eq!(calls(&fakes), [1, 1]);
}

#[tokio::test]
async fn of_ten_calls_one_is_hedged() {
    let fakes = [Fake::default(), Fake::default()];
    let client = slow_first(&fakes).await.with_hedge(AFTER);
    *fakes[0].slow.lock().unwrap() = 3 * AFTER;
    for _ in 0..30 {
        client.read("Patient", "a").await.unwrap();
    }
    // One may be at once.
    let counted = calls(&fakes);
    assert!(counted[0] == 30 && (1..=4).contains(&counted[1]), "{counted:?}");
}

/// Attempts, as interceptors see them: number, whether it is a hedge, the method.
type Told = (u32, bool, &'static str);

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Told>>>);

impl Interceptor for Seen {
    fn before(&self, attempt: Attempt<'_>, _: &mut client::MetadataMap) -> Result<(), String> {
        self.0.lock().unwrap().push((attempt.number, attempt.is_hedge, attempt.method));
        Ok(())
    }

    fn after(&self, _: Attempt<'_>, _: Option<&Error>, _: Duration) {}
}

#[tokio::test]
async fn a_call_is_hedged_once_and_a_write_never() {
    let fakes = [Fake::default(), Fake::default()];
    let seen = Seen::default();
    let client = slow_first(&fakes).await.with_hedge(AFTER).with_interceptor(seen.clone());
    *fakes[0].slow.lock().unwrap() = 10 * AFTER;
    client.create(api::CreateRequest::default()).await.unwrap();
    client.read("Patient", "a").await.unwrap();
    let attempts = seen.0.lock().unwrap().clone();
    assert_eq!(attempts, [(1, false, "Create"), (1, false, "Read"), (1, true, "Read")]);
    assert_eq!(calls(&fakes), [2, 1]);
}

/// An endpoint that fails is no answer while the other is under way.
#[tokio::test]
async fn the_other_one_is_waited_for_where_the_first_to_answer_fails() {
    let fakes = [Fake::default(), Fake::failing([proto::Code::Unavailable])];
    let client = slow_first(&fakes).await.with_hedge(AFTER).with_retry(Retry::never());
    *fakes[0].slow.lock().unwrap() = 10 * AFTER;
    assert_eq!(client.read("Patient", "a").await.unwrap().id, "a");
    assert_eq!(calls(&fakes), [1, 1]);
}

#[tokio::test]
async fn one_endpoint_alone_is_not_asked_twice() {
    let fakes = [Fake::default()];
    let client = slow_first(&fakes).await.with_hedge(AFTER);
    *fakes[0].slow.lock().unwrap() = 5 * AFTER;
    client.read("Patient", "a").await.unwrap();
    assert_eq!(calls(&fakes), [1]);
}
