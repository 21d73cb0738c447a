//! SearchStream on the real binary: every match once, the reader's pace, the reader's leave.

use client::{Client, EntryStream, Retry, api};
use futures::{StreamExt, TryStreamExt};
use proto::Code;
use std::{collections::BTreeSet, time::Duration};
use testkit::{node::NodeProcess, probe::Probe};
use tokio::time::timeout;

/// Anything that takes longer is a hang.
const HANG: Duration = Duration::from_secs(30);
const PATIENTS: usize = 300;

fn node() -> NodeProcess {
    NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap()
}

async fn fill(probe: &Probe, text: &str) {
    for first in (0..PATIENTS).step_by(100) {
        let entries = (first..first + 100).map(|number| {
            let patient = format!(
                r#"{{"resourceType":"Patient","id":"p{number}","active":true,"name":[{{"text":"{text}"}}],"multipleBirthInteger":{number}}}"#
            );
            format!(r#"{{"resource":{patient},"request":{{"method":"PUT","url":"Patient/p{number}"}}}}"#)
        });
        let entries: Vec<String> = entries.collect();
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, entries.join(","));
        assert_eq!(probe.call("POST", "", &[], bundle).await.unwrap().status, 200);
    }
    assert_eq!(probe.total("Patient").await.unwrap(), PATIENTS as u64);
}

fn search(resource_type: &str, parameters: &[(&str, &str)]) -> api::SearchRequest {
    let parameter = |(name, value): &(&str, &str)| api::SearchParameter {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let parameters = parameters.iter().map(parameter).collect();
    api::SearchRequest { resource_type: resource_type.to_owned(), parameters, ..Default::default() }
}

async fn open(client: &Client, request: &api::SearchRequest) -> EntryStream {
    client.search_stream(request.clone()).await.unwrap()
}

async fn all(client: &Client, request: &api::SearchRequest) -> Vec<api::SearchEntry> {
    timeout(HANG, open(client, request).await.try_collect()).await.expect("the stream has no end").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_match_comes_once_in_the_order_of_the_pages() {
    let node = node().begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    fill(&probe, "x").await;
    let grpc = &probe.grpc;
    for parameters in
        [&[][..], &[("_count", "7")], &[("_count", "1")], &[("active", "true"), ("_count", "50")]]
    {
        let request = search("Patient", parameters);
        let streamed = all(grpc, &request).await;
        let pages: Vec<api::SearchResponse> = grpc.search_pages(request).try_collect().await.unwrap();
        let paged: Vec<api::SearchEntry> = pages.into_iter().flat_map(|page| page.entries).collect();
        assert_eq!(streamed.len(), PATIENTS, "{parameters:?}");
        assert_eq!(streamed, paged, "{parameters:?}");
        let ids: BTreeSet<&str> = streamed.iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), PATIENTS);
        let one = &streamed[PATIENTS / 2];
        assert_eq!(one.body, grpc.read("Patient", &one.id).await.unwrap().body);
        assert_eq!((one.resource_type.as_str(), one.version_id.as_str()), ("Patient", "1"));
    }
    assert_eq!(all(grpc, &search("", &[("_type", "Patient,Group")])).await.len(), PATIENTS);
    assert_eq!(all(grpc, &search("Patient", &[("_summary", "count")])).await.len(), 0);
    assert_eq!(all(grpc, &search("Patient", &[("active", "false")])).await.len(), 0);
    let parts = all(grpc, &search("Patient", &[("_elements", "active"), ("_id", "p3")])).await;
    let text = String::from_utf8_lossy(&parts[0].body);
    assert!(text.contains("SUBSETTED") && !text.contains("multipleBirth"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_from_a_pages_cursor() {
    let node = node().begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    fill(&probe, "x").await;
    let request = search("Patient", &[("_count", "100")]);
    let page = probe.grpc.search(request.clone()).await.unwrap();
    let rest = all(&probe.grpc, &api::SearchRequest { cursor: page.next_cursor, ..request.clone() }).await;
    assert_eq!(rest.len(), PATIENTS - 100);
    let both = page.entries.iter().chain(&rest).map(|entry| entry.id.clone());
    assert_eq!(both.collect::<BTreeSet<_>>().len(), PATIENTS);
    let damaged = api::SearchRequest { cursor: "x".to_owned(), ..request };
    let error = probe.grpc.search_stream(damaged).await.map(drop).unwrap_err();
    assert_eq!(error.code(), Some(Code::BadParameter), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_from_begin_to_end_comes_once_while_others_write() {
    let node = node().begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    fill(&probe, "x").await;
    let mut stream = open(&probe.grpc, &search("Patient", &[("_count", "10")])).await;
    let mut seen = Vec::new();
    let mut round = 0;
    while let Some(entry) = timeout(HANG, stream.next()).await.expect("the stream hangs") {
        seen.push(entry.unwrap().id);
        if seen.len() % 10 == 1 {
            let changed = format!(r#"{{"resourceType":"Patient","id":"p{round}","gender":"other"}}"#);
            assert_eq!(probe.put(&format!("Patient/p{round}"), changed).await.unwrap().status, 200);
            let new = format!(r#"{{"resourceType":"Patient","id":"new{round}"}}"#);
            assert_eq!(probe.put(&format!("Patient/new{round}"), new).await.unwrap().status, 201);
            round += 1;
        }
    }
    let ids: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(ids.len(), seen.len(), "one came twice");
    assert!((0..PATIENTS).all(|number| ids.contains(&format!("p{number}"))), "one is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_refuses_what_lenient_leaves_out() {
    let node = node().begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    fill(&probe, "x").await;
    let request = search("Patient", &[("no-such-parameter", "1"), ("_id", "p1,p2")]);
    let error = probe.grpc.search_stream(api::SearchRequest { strict: true, ..request.clone() }).await;
    let error = error.map(drop).unwrap_err();
    assert_eq!(error.code(), Some(Code::BadParameter), "{error}");
    assert!(error.to_string().contains("no-such-parameter"), "{error}");
    assert_eq!(all(&probe.grpc, &request).await.len(), 2);
    for (resource_type, code) in [("Nothing", Code::UnknownType), ("Patient", Code::BadParameter)] {
        let wrong = api::SearchRequest { strict: true, ..search(resource_type, &[("birthdate", "soon")]) };
        let error = probe.grpc.search_stream(wrong).await.map(drop).unwrap_err();
        assert_eq!(error.code(), Some(code), "{error}");
    }
}

/// An open stream is a request under way for as long as it is read, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_gives_back_its_place() {
    let node = node().set("limits.requests_in_flight_max", 1).begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    // More than the windows of one stream hold, so that the server has to wait for its reader.
    fill(&probe, &"x".repeat(64 << 10)).await;
    for read in [0, 1, 30] {
        let other = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
        let mut stream = open(&other, &search("Patient", &[("_count", "10")])).await;
        for _ in 0..read {
            timeout(HANG, stream.next()).await.expect("the stream hangs").unwrap().unwrap();
        }
        assert_eq!(probe.get("Patient/p1").await.unwrap().status, 429);
        let error = probe.grpc.read("Patient", "p1").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::Overloaded), "{error}");
        drop(stream);
        serves_again(&probe).await;
        // The connection of the reader that left serves on, too.
        assert_eq!(other.read("Patient", "p1").await.unwrap().version_id, "1");
    }
    let other = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
    assert_eq!(all(&other, &search("Patient", &[])).await.len(), PATIENTS);
    serves_again(&probe).await;
}

/// HTTP/2 lets a reader stand still while its connection is well: what its stream holds is not held for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stands_still_is_let_go() {
    let node = node().set("limits.requests_in_flight_max", 1).set("rest.write_timeout_ms", 300);
    let node = node.begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    fill(&probe, &"x".repeat(64 << 10)).await;
    let other = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
    let mut stream = open(&other, &search("Patient", &[("_count", "10")])).await;
    assert!(stream.next().await.unwrap().is_ok());
    serves_again(&probe).await;
    let rest: Vec<_> = timeout(HANG, stream.collect()).await.expect("the stream has no end");
    assert!(rest.len() < PATIENTS, "{}", rest.len());
    let end = rest.last().unwrap().as_ref().unwrap_err();
    assert_eq!(end.code(), Some(Code::Timeout), "{end}");
}

/// The server hears of a reader's leave a moment later.
async fn serves_again(probe: &Probe) {
    let served = timeout(HANG, async {
        while probe.get("Patient/p1").await.unwrap().status == 429 {
            tokio::task::yield_now().await;
        }
    });
    served.await.expect("the place of a stream that is over is still taken");
    assert_eq!(probe.get("Patient/p1").await.unwrap().status, 200);
}
