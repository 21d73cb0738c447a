//! What peers may send, by mistake or on purpose. Each is answered plainly, in bounded memory, and the node serves on.

use client::{Client, Options, api};
use node::load::{LoadOptions, run};
use std::time::Duration;
use testkit::{
    node::NodeProcess,
    probe::{Answer, Probe},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No answer within this is a hang.
const HANG: Duration = Duration::from_secs(30);

fn node() -> NodeProcess {
    NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap()
}

fn probe(node: &NodeProcess) -> Probe {
    Probe::new(&node.rest, &node.grpc).unwrap()
}

async fn serves(probe: &Probe) {
    let body = r#"{"resourceType":"Patient","id":"alive"}"#;
    let put = probe.put("Patient/alive", body).await.unwrap();
    assert!(matches!(put.status, 200 | 201), "{put:?}");
    assert!(probe.grpc.read("Patient", "alive").await.is_ok());
}

async fn post(probe: &Probe, body: impl Into<reqwest::Body>) -> Answer {
    probe.call("POST", "Patient", &[], body).await.unwrap()
}

fn refused(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.is_outcome() && answer.diagnostics().contains(words), "{words:?} in {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_broken_bodies_need_bounded_memory() {
    let node = node().begin().unwrap();
    let probe = probe(&node);
    serves(&probe).await;
    let before = node.resident_bytes().unwrap();
    // 50 MB of resources in a row whose last bracket is missing.
    let mut body = br#"{"resourceType":"Patient","contact":["#.to_vec();
    while body.len() < 50_000_000 {
        body.extend_from_slice(br#"{"name":{"family":"Nobody","given":["A","B"]}},"#);
    }
    for _ in 0..3 {
        let answer = post(&probe, body.clone()).await;
        refused(&answer, 400, "");
        assert!(!answer.diagnostics().is_empty());
    }
    // The body, its buffer's last growth, the tape over it, and what the allocator has not given back yet: about 400 MiB
    // measured, eight times a body. Three bodies' worth at once would be over a thousand.
    let grown = node.resident_bytes().unwrap().saturating_sub(before);
    assert!(grown < 640 << 20, "{} MiB more after three bodies of 50 MB", grown >> 20);
    serves(&probe).await;
}

/// Each step is a search within the one before: a thousand of them once took all of a thread's stack, and the process with it.
#[tokio::test(flavor = "multi_thread")]
async fn chains_without_end_are_refused() {
    let node = node().begin().unwrap();
    let probe = probe(&node);
    let steps = |step: &str, last: &str| format!("{}{last}", step.repeat(6000 / step.len()));
    for query in [
        format!("Location?{}=x", steps("partof.", "name")),
        format!("Location?{}=x", steps("_has:Location:partof:", "name")),
        format!("Location?{}=x", steps("_has:Location:partof:partof.", "name")),
        format!("Location?{}=x", steps("partof.", "_list")),
        format!("Location?{}=x", steps("partof.", "partof:below")),
        format!("Location?_filter={} eq x", steps("partof.", "name")),
        format!("Location?partof._filter={} eq x", steps("partof.", "name")),
        format!("Location?_sort={}", steps("partof.", "name")),
        format!("Location?_include={}", steps("Location:partof:", "Location")),
    ] {
        let answer = probe.get(&query).await.unwrap();
        assert!(matches!(answer.status, 400 | 422) && answer.is_outcome(), "{}: {answer:?}", &query[..40]);
    }
    serves(&probe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_on_both_wires() {
    let limit = 1 << 20;
    let node = node().set("rest.body_bytes_max", limit).set("grpc.message_bytes_max", limit).begin().unwrap();
    let probe = probe(&node);
    let large = format!(r#"{{"resourceType":"Patient","language":"{}"}}"#, "x".repeat(limit));
    refused(&post(&probe, large.clone()).await, 413, "rest.body_bytes_max");
    let options = Options { retry: client::Retry::never(), ..Options::default() };
    let client = Client::connect_with(&node.grpc, &options).unwrap();
    let request =
        api::CreateRequest { resource_type: "Patient".into(), body: large.into(), ..Default::default() };
    let error = client.create(request).await.unwrap_err();
    assert!(error.code() == Some(proto::Code::TooLarge), "{error}");
    assert!(error.to_string().contains("grpc.message_bytes_max"), "{error}");
    serves(&probe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_json_is_told_with_its_place() {
    let node = node().begin().unwrap();
    let probe = probe(&node);
    let nested = |depth: usize| {
        let (open, close) = (r#"{"contact":["#.repeat(depth), "]}".repeat(depth));
        format!(r#"{{"resourceType":"Patient","extension":[{open}{close}]}}"#)
    };
    refused(&post(&probe, nested(100)).await, 400, "deep");
    refused(&post(&probe, "[".repeat(100_000)).await, 400, "deep");
    refused(
        &post(&probe, &b"{\"resourceType\":\"Patient\",\"language\":\"\xff\xfe\"}"[..]).await,
        400,
        "UTF-8",
    );
    let duplicate = r#"{"resourceType":"Patient","active":true,"active":false}"#;
    refused(&post(&probe, duplicate).await, 400, "active");
    let unknown = probe.call("POST", "Patiend", &[], r#"{"resourceType":"Patiend"}"#).await.unwrap();
    assert!(matches!(unknown.status, 400 | 404) && unknown.diagnostics().contains("Patiend"), "{unknown:?}");
    for body in ["", " ", "null", "7", "\"x\"", "[]", "{}", "{", "{\"resourceType\":7}", "\u{feff}"] {
        let answer = post(&probe, body).await;
        assert!(matches!(answer.status, 400 | 422) && answer.is_outcome(), "{body:?}: {answer:?}");
        assert!(!answer.diagnostics().is_empty(), "{body:?}: {answer:?}");
    }
    assert_eq!(probe.total("Patient").await.unwrap(), 0);
    serves(&probe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_lines_do_not_stop_a_load() {
    let node = node().begin().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mixed.ndjson");
    let mut lines: Vec<Vec<u8>> =
        (0..200).map(|n| format!(r#"{{"resourceType":"Patient","id":"n{n}"}}"#).into_bytes()).collect();
    lines[20] = b"{\"resourceType\":\"Patient\",".to_vec();
    lines[50] = b"\xff\xfe\x00".to_vec();
    lines[51] = br#"{"id":"no-type"}"#.to_vec();
    lines[99] = br#"{"resourceType":"Patiend","id":"x"}"#.to_vec();
    lines[150] = br#"{"resourceType":"Patient","id":"bad id!"}"#.to_vec();
    std::fs::write(&file, lines.join(&b'\n')).unwrap();
    let options = LoadOptions { progress: false, ..LoadOptions::new(&node.grpc, vec![file]) };
    let report = run(options).await.unwrap();
    let failed: Vec<u64> = report.failed.iter().filter_map(|failure| failure.line).collect();
    assert_eq!(failed, [21, 51, 52, 100, 151], "{report}");
    assert!(report.failed.iter().all(|failure| !failure.reason.is_empty()), "{report}");
    let probe = probe(&node);
    assert_eq!((report.resources.all(), probe.total("Patient").await.unwrap()), (195, 195));
    serves(&probe).await;
}

/// Until the server has closed the connection; what it sent before.
async fn to_end(peer: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = timeout(HANG, peer.read_to_end(&mut answer)).await.expect("the connection is still open");
    answer
}

fn outcome_of(answer: &[u8], status: &str) -> String {
    let text = String::from_utf8_lossy(answer).into_owned();
    assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{text:?}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_half_closed_peers_are_let_go() {
    let node = node()
        .set("rest.header_timeout_ms", 300)
        .set("rest.body_timeout_ms", 300)
        .set("rest.write_timeout_ms", 300)
        .begin()
        .unwrap();
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    let probe = probe(&node);
    serves(&probe).await;
    // A head that never ends.
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"GET /fhir/metadata HTTP/1.1\r\nhost: a\r\nx-slow: ").await.unwrap();
    to_end(&mut peer).await;
    // A body that never comes.
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    outcome_of(&to_end(&mut peer).await, "408");
    // Half a body, then no more to come.
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"POST /fhir/Patient HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    peer.shutdown().await.unwrap();
    to_end(&mut peer).await;
    // A whole request, then no more to come: the peer may be gone, and need not be answered.
    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"GET /fhir/Patient/alive HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    peer.shutdown().await.unwrap();
    to_end(&mut peer).await;
    assert_eq!(probe.total("Patient").await.unwrap(), 1);
    serves(&probe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_reads_is_let_go() {
    let node = node().set("rest.write_timeout_ms", 300).begin().unwrap();
    let probe = probe(&node);
    let large = format!(r#"{{"resourceType":"Patient","id":"l","language":"{}"}}"#, "x".repeat(8 << 20));
    assert_eq!(probe.put("Patient/l", large).await.unwrap().status, 201);
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", node.id().unwrap())).unwrap().count();
    serves(&probe).await;
    let before = descriptors();
    let mut peers = Vec::new();
    for _ in 0..10 {
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(b"GET /fhir/Patient/l HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        // The answer has begun, and will not fit into the kernel's buffers.
        peer.readable().await.unwrap();
        peers.push(peer);
    }
    let waited = timeout(HANG, async {
        while descriptors() > before {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{} descriptors, {before} before", descriptors());
    drop(peers);
    serves(&probe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_no_http_are_outcomes() {
    let node = node().begin().unwrap();
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    let long = format!("GET /fhir/metadata HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(200_000));
    for (request, status) in [
        (long.as_str(), "431"),
        ("NONSENSE\r\n\r\n", "400"),
        ("GET /fhir HTTP/1.1\r\nhost: a\r\nb ad: x\r\n\r\n", "400"),
    ] {
        let mut peer = TcpStream::connect(address).await.unwrap();
        // The server may close before it has read all of it.
        let _ = peer.write_all(request.as_bytes()).await;
        let _ = peer.shutdown().await;
        let text = outcome_of(&to_end(&mut peer).await, status);
        assert!(text.contains("OperationOutcome"), "{text}");
    }
    serves(&probe(&node)).await;
}
