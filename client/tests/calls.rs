//! Retries, errors and streams against a scripted server.

mod fake;

use client::{Answer, Client, Code, Error, Options, Retry, Write, api};
use fake::Fake;
use futures::{StreamExt, TryStreamExt};
use std::time::Duration;

async fn client_of(fake: &Fake) -> Client {
    let retry = Retry {
        deadline: Duration::from_secs(20),
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(5),
    };
    let options = Options { retry, ..Options::default() };
    Client::connect_with(&format!("http://{}", fake.serve().await), &options).unwrap()
}

fn update(n: u32) -> Write {
    Write::Update(api::UpdateRequest { id: format!("r{n}"), ..Default::default() })
}

#[tokio::test]
async fn a_retry_sends_the_same_key() {
    let fake = Fake::failing([Code::Unavailable, Code::Overloaded, Code::Conflict]);
    let client = client_of(&fake).await;
    let created = client.create(api::CreateRequest::default()).await.unwrap();
    assert_eq!(created.id, "created");
    let keys = fake.keys();
    assert_eq!(keys.len(), 4);
    assert_eq!(keys[0].len(), 32);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");

    client.create(api::CreateRequest::default()).await.unwrap();
    assert_ne!(fake.keys()[4], keys[0], "another write has another key");
}

#[tokio::test]
async fn a_key_given_is_kept() {
    let fake = Fake::failing([Code::Timeout]);
    let client = client_of(&fake).await;
    let request = api::DeleteRequest { idempotency_key: "mine".into(), ..Default::default() };
    client.delete(request).await.unwrap();
    assert_eq!(fake.keys(), ["mine", "mine"]);
}

#[tokio::test]
async fn what_cannot_help_is_not_retried() {
    for &code in Code::ALL.iter().filter(|code| !code.retryable()) {
        let fake = Fake::failing([code]);
        let client = client_of(&fake).await;
        let error = client.update(api::UpdateRequest::default()).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.detail().unwrap().issues[0].diagnostics, "as scripted");
        assert_eq!(error.detail().unwrap().issues[0].code, code.issue());
        assert!(!error.retryable());
        assert_eq!(fake.keys().len(), 1, "{code:?}");
    }
}

/// What may have been applied is sent again under a key alone; what was certainly not is sent again in any case.
#[tokio::test]
async fn without_a_key_only_what_was_certainly_not_applied_is_sent_again() {
    for &code in Code::ALL.iter().filter(|code| code.retryable()) {
        let maybe = code.applied() == proto::error::Applied::Maybe;
        let fake = Fake::failing([code]);
        let keyed = client_of(&fake).await;
        keyed.create(api::CreateRequest::default()).await.unwrap();
        assert_eq!(fake.keys().len(), 2, "{code:?}");

        let fake = Fake::failing([code]);
        let unkeyed = client_of(&fake).await.without_keys();
        let written = unkeyed.create(api::CreateRequest::default()).await;
        assert_eq!(fake.keys(), vec![""; if maybe { 1 } else { 2 }], "{code:?}");
        assert_eq!(written.err().map(|error| error.may_have_applied()), maybe.then_some(true), "{code:?}");

        let fake = Fake::failing([code]);
        let writer = client_of(&fake).await.without_keys().writer(1);
        let written = writer.write(update(1)).await;
        assert_eq!(fake.keys(), vec![""; if maybe { 1 } else { 2 }], "{code:?}");
        assert_eq!(written.err().map(|error| error.may_have_applied()), maybe.then_some(true), "{code:?}");
    }
}

#[tokio::test]
async fn doubt_of_one_attempt_stays() {
    let codes = std::iter::once(Code::OutcomeUnknown).chain(vec![Code::Unavailable; 100_000]);
    let retry = Retry {
        deadline: Duration::from_millis(50),
        backoff_max: Duration::from_millis(2),
        ..Retry::default()
    };
    let client = client_of(&Fake::failing(codes)).await.with_retry(retry);
    let error = client.create(api::CreateRequest::default()).await.unwrap_err();
    assert_eq!((error.code(), error.may_have_applied()), (Some(Code::Unavailable), true), "{error:?}");
    let client = client_of(&Fake::failing(vec![Code::Unavailable; 100_000])).await.with_retry(retry);
    let error = client.create(api::CreateRequest::default()).await.unwrap_err();
    assert!(!error.may_have_applied(), "{error:?}");
}

#[tokio::test]
async fn reads_are_retried() {
    let fake = Fake::failing([Code::Unavailable; 3]);
    let client = client_of(&fake).await;
    assert_eq!(client.read("Patient", "x").await.unwrap().id, "x");
}

#[tokio::test]
async fn the_deadline_ends_the_retries() {
    let fake = Fake::failing(vec![Code::Unavailable; 100_000]);
    let retry = Retry {
        deadline: Duration::from_millis(50),
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
    };
    let client = client_of(&fake).await.with_retry(retry);
    let error = client.read("Patient", "x").await.unwrap_err();
    assert!(matches!(error, Error::GaveUp { attempts, .. } if attempts > 1), "{error}");
    assert_eq!(error.code(), Some(Code::Unavailable));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_retryable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::connect(&format!("http://{address}")).unwrap().with_retry(Retry::never());
    let error = client.read("Patient", "x").await.unwrap_err();
    assert!(matches!(error, Error::Transport { retryable: true, may_have_applied: false, .. }), "{error:?}");
}

#[tokio::test]
async fn only_http_endpoints() {
    for endpoint in ["", "localhost:1", "ftp://localhost:1", "http://"] {
        assert!(matches!(Client::connect(endpoint), Err(Error::Endpoint { .. })), "{endpoint}");
    }
    let none = Client::connect_any([""; 0], &Options::default());
    assert!(matches!(none, Err(Error::Endpoint { .. })));
}

#[tokio::test]
async fn pages_follow_the_cursor() {
    let fake = Fake::failing([Code::Unavailable]);
    let client = client_of(&fake).await;
    let pages: Vec<_> = client.search_pages(api::SearchRequest::default()).try_collect().await.unwrap();
    let ids: Vec<_> = pages.iter().map(|page| page.entries[0].id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2"]);
}

#[tokio::test]
async fn pages_of_histories_follow_the_cursor() {
    let client = client_of(&Fake::failing([Code::Unavailable])).await;
    let pages: Vec<_> = client.history_pages(api::HistoryRequest::default()).try_collect().await.unwrap();
    let ids: Vec<_> = pages.iter().map(|page| page.entries[0].id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_search_stream_ends_with_the_servers_error() {
    let client = client_of(&Fake::default()).await;
    let stream = client.search_stream(api::SearchRequest::default()).await.unwrap();
    let items: Vec<_> = stream.collect().await;
    assert_eq!(items.len(), 1001);
    assert!(items[..1000].iter().enumerate().all(|(n, item)| item.as_ref().unwrap().id == n.to_string()));
    assert_eq!(items[1000].as_ref().unwrap_err().code(), Some(Code::TooCostly));
}

async fn write_all(client: &Client, writes: u32, in_flight: usize) -> Vec<(u32, client::Result<Answer>)> {
    let writer = client.writer(in_flight);
    let answers = futures::stream::iter(0..writes).map(|n| {
        let writer = writer.clone();
        async move { (n, writer.write(update(n)).await) }
    });
    answers.buffer_unordered(2 * in_flight).collect().await
}

fn assert_matched(answers: Vec<(u32, client::Result<Answer>)>) {
    for (n, answer) in answers {
        let Answer::Write(response) = answer.unwrap() else { panic!("{n} has no write answer") };
        assert_eq!(response.id, format!("r{n}"));
    }
}

#[tokio::test]
async fn stream_answers_find_their_write() {
    let fake = Fake::default();
    let answers = write_all(&client_of(&fake).await, 100, 8).await;
    assert_eq!(answers.len(), 100);
    assert_matched(answers);
    assert_eq!(fake.keys().len(), 100);
}

#[tokio::test]
async fn a_stream_retries_with_the_same_key() {
    let fake = Fake::failing([Code::Unavailable, Code::Conflict, Code::Overloaded]);
    assert_matched(write_all(&client_of(&fake).await, 10, 4).await);
    let keys = fake.keys();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (13, 10));
}

#[tokio::test]
async fn a_stream_gives_hopeless_errors_back() {
    let fake = Fake::failing([Code::Invalid]);
    let answers = write_all(&client_of(&fake).await, 10, 4).await;
    let failed: Vec<_> = answers.iter().filter_map(|(_, answer)| answer.as_ref().err()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].code(), Some(Code::Invalid));
    assert_eq!(fake.keys().len(), 10);
}

#[tokio::test]
async fn a_cut_stream_is_opened_again_and_loses_nothing() {
    let fake = Fake::default();
    *fake.cut_after.lock().unwrap() = Some(4);
    assert_matched(write_all(&client_of(&fake).await, 20, 4).await);
    let keys = fake.keys();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (23, 20), "three were sent on the stream that was cut");
}

/// On a stream it would end the writes of others, too.
#[tokio::test]
async fn a_write_that_is_too_large_is_not_sent() {
    let fake = Fake::default();
    let options = Options { message_bytes_max: 1000, ..Options::default() };
    let client = Client::connect_with(&format!("http://{}", fake.serve().await), &options).unwrap();
    let large = api::UpdateRequest { body: vec![b'x'; 1000].into(), ..Default::default() };
    let error = client.writer(1).write(Write::Update(large)).await.unwrap_err();
    assert!(error.to_string().contains("message_bytes_max") && !error.may_have_applied(), "{error}");
    assert!(fake.keys().is_empty());
}

#[tokio::test]
async fn transactions_go_over_the_stream_too() {
    let client = client_of(&Fake::default()).await;
    let writer = client.writer(2);
    let write = |text: &'static str| {
        Write::Transaction(api::TransactionRequest { bundle: text.into(), ..Default::default() })
    };
    let (a, b) = tokio::join!(writer.write(write("a")), writer.write(write("b")));
    assert_eq!(a.unwrap(), Answer::Transaction(api::TransactionResponse { bundle: "a".into() }));
    assert_eq!(b.unwrap(), Answer::Transaction(api::TransactionResponse { bundle: "b".into() }));
}

#[tokio::test]
async fn operations_have_their_levels_and_parameters() {
    let client = client_of(&Fake::failing([Code::Unavailable])).await;
    let text = |body: bytes::Bytes| String::from_utf8(body.to_vec()).unwrap();
    let validated = client.validate("Patient", "{}".into(), &[("mode", "create")]).await.unwrap();
    assert_eq!(text(validated), "validate Patient  mode=create {}");
    let expanded = client.expand("http://a", &[("count", "1")]).await.unwrap();
    assert_eq!(text(expanded), "expand ValueSet  url=http://a&count=1 ");
    let told = client.subsumes("s", "a", "b").await.unwrap();
    assert_eq!(text(told), "subsumes CodeSystem  system=s&codeA=a&codeB=b ");
    let instance = client.invoke("$x", client::Target::Instance("T", "1"), &[], "b".into()).await.unwrap();
    assert_eq!(text(instance), "$x T 1  b");
}
