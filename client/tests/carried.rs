//! What goes along with a call: metadata, deadlines, interceptors, compression.

mod fake;

use client::{Attempt, Client, Code, Error, Interceptor, MetadataMap, Options, Retry, api};
use fake::Fake;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

async fn client_of(fake: &Fake) -> Client {
    Client::connect(&format!("http://{}", fake.serve().await)).unwrap()
}

#[tokio::test]
async fn metadata_is_each_calls_own() {
    let fake = Fake::default();
    let client = client_of(&fake).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let other =
        client.with_tenant("clinic").unwrap().with_token("secret").unwrap().with_trace(trace).unwrap();
    let other = other.with_metadata("X-Request-Id", "mine").unwrap();
    other.read("Patient", "a").await.unwrap();
    client.read("Patient", "a").await.unwrap();
    other.with_tenant("ward").unwrap().read("Patient", "a").await.unwrap();
    assert_eq!(fake.metadata("x-salamander-tenant"), ["clinic", "-", "ward"]);
    assert_eq!(fake.metadata("authorization"), ["Bearer secret", "-", "Bearer secret"]);
    assert_eq!(fake.metadata("traceparent"), [trace, "-", trace]);
    assert_eq!(fake.metadata("x-request-id"), ["mine", "-", "mine"]);
    assert!(!format!("{other:?}").contains("secret"));
}

#[tokio::test]
async fn metadata_that_cannot_be_meant_is_refused() {
    let client = client_of(&Fake::default()).await;
    for (key, value) in [("x-salamander-tennant", "a"), ("x y", "a"), ("", "a"), ("x-a", "\n"), ("x-a", "ä")]
    {
        let error = client.with_metadata(key, value).unwrap_err();
        assert!(matches!(error, Error::Metadata { .. }), "{key}: {error}");
    }
}

#[tokio::test]
async fn the_deadline_goes_with_the_call_and_bounds_it() {
    let fake = Fake::failing([Code::Unavailable; 3]);
    let client = client_of(&fake).await.with_deadline(Duration::from_secs(20));
    client.read("Patient", "a").await.unwrap();
    let told = fake.metadata("grpc-timeout");
    assert_eq!(told.len(), 4);
    // Microseconds: what is left of the 20 s, less with each attempt.
    let left: Vec<u64> = told.iter().map(|text| text.trim_end_matches('u').parse().unwrap()).collect();
    assert!(
        left.iter().all(|&left| (1..=20_000_000).contains(&left)) && left.is_sorted_by(|a, b| a > b),
        "{told:?}"
    );

    // Nobody answers here, and nobody closes either.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Client::connect(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let late = silent.with_retry(Retry::never()).with_deadline(Duration::from_millis(30));
    let error = late.create(api::CreateRequest::default()).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }) && error.may_have_applied(), "{error:?}");
    let error = silent.with_deadline(Duration::from_millis(30)).read("Patient", "a").await.unwrap_err();
    assert!(matches!(error, Error::GaveUp { .. }), "{error:?}");
}

/// Writes down what it sees, gives each attempt a token of its own, and refuses deletes.
#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Vec<String>>>);

impl Interceptor for Watch {
    fn before(&self, attempt: Attempt<'_>, metadata: &mut MetadataMap) -> Result<(), String> {
        if attempt.method == "Delete" {
            return Err("not today".to_owned());
        }
        metadata.insert("authorization", format!("token {}", attempt.number).parse().unwrap());
        Ok(())
    }

    fn after(&self, attempt: Attempt<'_>, error: Option<&Error>, _: Duration) {
        let outcome = error.map_or("done".to_owned(), |error| format!("{:?}", error.code()));
        self.0.lock().unwrap().push(format!("{} {}: {outcome}", attempt.method, attempt.number));
    }
}

#[tokio::test]
async fn interceptors_see_every_attempt() {
    let (fake, watch) = (Fake::failing([Code::Overloaded]), Watch::default());
    let client = client_of(&fake).await.with_interceptor(watch.clone());
    client.create(api::CreateRequest::default()).await.unwrap();
    assert_eq!(fake.metadata("authorization"), ["token 1", "token 2"]);
    assert_eq!(*watch.0.lock().unwrap(), ["Create 1: Some(Overloaded)", "Create 2: done"]);
    let error = client.delete(api::DeleteRequest::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Intercepted(reason) if reason == "not today"), "{error}");
    assert_eq!(fake.keys().len(), 2);
}

#[tokio::test]
async fn messages_are_compressed_both_ways() {
    let fake = Fake::default();
    let options = Options { gzip_requests: true, gzip_answers: true, ..Options::default() };
    let client = Client::connect_with(&format!("http://{}", fake.serve().await), &options).unwrap();
    let request = api::CreateRequest { body: vec![b'x'; 10_000].into(), ..Default::default() };
    assert_eq!(client.create(request).await.unwrap().id, "created");
    client_of(&fake).await.read("Patient", "a").await.unwrap();
    assert_eq!(fake.metadata("grpc-encoding"), ["gzip", "-"]);
    assert!(fake.metadata("grpc-accept-encoding")[0].contains("gzip"));
}
