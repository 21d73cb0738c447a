//! One refusal for each limit, on a real node over REST: which status, and that the text says which limit it was.

use client::api;
use futures::{StreamExt, future::join_all, stream};
use std::time::{Duration, Instant};
use testkit::{
    node::NodeProcess,
    probe::{Answer, Probe},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// No change within this is a hang.
const HANG: Duration = Duration::from_secs(60);
const JSON_PATCH: (&str, &str) = ("content-type", "application/json-patch+json");

fn node(options: &[(&str, u64)]) -> NodeProcess {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    options.iter().fold(node, |node, (option, value)| node.set(option, value)).begin().unwrap()
}

fn probe(node: &NodeProcess) -> Probe {
    Probe::new(&node.rest, &node.grpc).unwrap()
}

fn patient(id: &str, bytes: usize) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"text":"{}"}}]}}"#, "x".repeat(bytes))
}

fn batch(entries: usize) -> String {
    let entry = r#"{"request":{"method":"GET","url":"Patient/p"}}"#;
    format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, vec![entry; entries].join(","))
}

fn refused(answer: &Answer, status: u16, named: &str) {
    assert_eq!(answer.status, status, "{named}: {answer:?}");
    assert!(answer.is_outcome() && answer.diagnostics().contains(named), "{named} is not named: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_bodies_bundles_and_patches() {
    let node = node(&[
        ("rest.body_bytes_max", 6000),
        ("limits.json_bytes_max", 5000),
        ("limits.json_depth_max", 8),
        ("limits.patch_operations_max", 2),
        ("limits.patch_bytes_max", 100),
        ("limits.patch_steps_max", 40),
        ("limits.bundle_entries_max", 4),
        ("limits.bundle_answer_bytes_max", 2000),
        ("validation.issues_max", 2),
    ]);
    let probe = probe(&node);
    assert_eq!(probe.put("Patient/p", patient("p", 1500)).await.unwrap().status, 201);
    refused(&probe.put("Patient/q", patient("q", 6000)).await.unwrap(), 413, "rest.body_bytes_max");
    refused(&probe.put("Patient/q", patient("q", 5000)).await.unwrap(), 413, "5000");
    let deep = format!(r#"{{"resourceType":"Patient","id":"q","x":{}1{}}}"#, "[".repeat(9), "]".repeat(9));
    refused(&probe.put("Patient/q", deep).await.unwrap(), 400, "8");

    let patch = |operations: Vec<String>| {
        let (body, probe) = (format!("[{}]", operations.join(",")), probe.clone());
        async move { probe.call("PATCH", "Patient/p", &[JSON_PATCH], body).await.unwrap() }
    };
    let set = |path: &str, value: &str| format!(r#"{{"op":"add","path":"{path}","value":{value}}}"#);
    refused(&patch(vec![set("/active", "true"); 3]).await, 413, "2");
    refused(&patch(vec![set("/gender", &format!("\"{}\"", "x".repeat(200)))]).await, 413, "100");
    assert_eq!(patch(vec![set("/active", "true")]).await.status, 200);

    refused(&probe.call("POST", "", &[], batch(5)).await.unwrap(), 422, "4");
    let read = probe.call("POST", "", &[], batch(4)).await.unwrap();
    assert_eq!(read.status, 200);
    let entries = read.body["entry"].as_array().unwrap();
    let full =
        entries.iter().filter(|entry| entry.to_string().contains("limits.bundle_answer_bytes_max")).count();
    assert!((1..4).contains(&full), "{read:?}");

    let wrong = r#"{"resourceType":"Patient","id":"q","a":1,"b":2,"c":3,"d":4}"#;
    let judged = probe.put("Patient/q", wrong).await.unwrap();
    assert_eq!(judged.status, 422);
    assert!(judged.body["issue"].as_array().unwrap().len() <= 3, "{judged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_searches_and_histories() {
    let node = node(&[
        ("limits.search_page_default", 2),
        ("limits.search_page_max", 3),
        ("limits.history_page_max", 2),
        ("limits.search_parameters_max", 4),
        ("limits.search_values_max", 5),
        ("limits.search_value_bytes_max", 60),
        ("limits.search_bytes_max", 100),
    ]);
    let probe = probe(&node);
    for id in ["a", "b", "c", "d"] {
        assert_eq!(probe.put(&format!("Patient/{id}"), patient(id, 1)).await.unwrap().status, 201);
    }
    let entries = async |path: &str| {
        let answer = probe.get(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.body["entry"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(entries("Patient").await, 2, "limits.search_page_default");
    assert_eq!(entries("Patient?_count=100").await, 3, "limits.search_page_max");
    assert_eq!(entries("Patient/_history?_count=100").await, 2, "limits.history_page_max");
    let too_costly = async |query: &str, named: &str| {
        refused(&probe.get(&format!("Patient?{query}")).await.unwrap(), 422, named);
    };
    too_costly(&["active=true"; 5].join("&"), "4").await;
    too_costly("_id=a,b,c,d,e,f", "5").await;
    too_costly(&format!("name={}", "x".repeat(61)), "60").await;
    too_costly(&format!("name={0}&family={0}", "x".repeat(59)), "100").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_codes_that_a_value_set_stands_for() {
    let node = node(&[("limits.search_codes_max", 2)]);
    let set = "http://hl7.org/fhir/ValueSet/administrative-gender";
    let answer = probe(&node).get(&format!("Patient?gender:in={set}")).await.unwrap();
    refused(&answer, 422, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_bodies_together_whose_share_is_given_back() {
    let node = node(&[("limits.requests_bytes_max", 1 << 20)]);
    let probe = probe(&node);
    let body = patient("p", 50_000);
    assert_eq!(probe.put("Patient/p", body.clone()).await.unwrap().status, 201);
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir");
    let head = "PUT /fhir/Patient/s HTTP/1.1\r\nhost: a\r\ncontent-length: 20000\r\n\r\n";
    let begun = Instant::now();
    let mut slow = vec![];
    let full = loop {
        // A peer in the middle of its body: what came of it is in memory, unless it is refused itself.
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(format!("{head}{}", " ".repeat(10_000)).as_bytes()).await.unwrap();
        slow.push(peer);
        let answer = probe.put("Patient/p", body.clone()).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
        assert!(begun.elapsed() < HANG, "the memory for bodies is never full");
    };
    refused(&full, 429, "limits.requests_bytes_max");
    assert_eq!(probe.get("Patient/p").await.unwrap().status, 200, "what has no body is served");
    drop(slow);
    while probe.put("Patient/p", body.clone()).await.unwrap().status == 429 {
        assert!(begun.elapsed() < HANG, "the share is not given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_under_way() {
    let node = node(&[("limits.requests_in_flight_max", 1)]);
    let probe = probe(&node);
    for id in 0..16 {
        let id = format!("p{id}");
        assert_eq!(probe.put(&format!("Patient/{id}"), patient(&id, 900_000)).await.unwrap().status, 201);
    }
    // More than the windows between here and there hold: the search is under way until it is read.
    let search = api::SearchRequest { resource_type: "Patient".into(), ..Default::default() };
    let matches = probe.grpc.search_stream(search).await.unwrap();
    refused(&probe.get("Patient/p0").await.unwrap(), 429, "limits.requests_in_flight_max");
    drop(matches);
    let begun = Instant::now();
    while probe.get("Patient/p0").await.unwrap().status == 429 {
        assert!(begun.elapsed() < HANG, "the place is not given back");
    }
}

/// Sends writes of different patients at once, again and again, until one is refused; the others are written.
async fn refused_together(option: &str, value: u64) -> Answer {
    let node = node(&[(option, value)]);
    let probe = probe(&node);
    let begun = Instant::now();
    loop {
        let writes = (0..64).map(|id| {
            let (id, probe) = (format!("p{id}"), probe.clone());
            async move {
                probe
                    .put(
                        &format!("Patient/{id}"),
                        patient(&id, begun.elapsed().subsec_nanos() as usize % 900),
                    )
                    .await
                    .unwrap()
            }
        });
        let answers = join_all(writes).await;
        if let Some(refused) = answers.into_iter().find(|answer| !matches!(answer.status, 200 | 201)) {
            return refused;
        }
        assert!(begun.elapsed() < HANG, "{option} = {value} refuses nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_writes_that_wait() {
    for (option, value) in
        [("raft.proposals_max", 1), ("raft.proposal_bytes_max", 1), ("actors.queue_max", 1)]
    {
        refused(&refused_together(option, value).await, 429, option);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_free_space_on_the_disk() {
    let node = node(&[("storage.disk_reserve_bytes", 1 << 60), ("storage.maintenance_interval_ms", 10)]);
    let probe = probe(&node);
    let begun = Instant::now();
    let answer = loop {
        let answer = probe.put("Patient/p", patient("p", 1)).await.unwrap();
        if !matches!(answer.status, 200 | 201) {
            break answer;
        }
        assert!(begun.elapsed() < HANG, "the disk is never full");
    };
    refused(&answer, 507, "disk is full");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_time_a_request_takes() {
    let node = node(&[("limits.request_timeout_ms", 1)]);
    let probe = probe(&node);
    let bundle = {
        let entry = |id| {
            format!(
                r#"{{"request":{{"method":"PUT","url":"Patient/p{id}"}},"resource":{}}}"#,
                patient(&format!("p{id}"), 500)
            )
        };
        let entries: Vec<String> = (0..2000).map(entry).collect();
        format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, entries.join(","))
    };
    refused(&probe.call("POST", "", &[], bundle).await.unwrap(), 504, "deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_connections_which_wait_their_turn() {
    let node = node(&[("rest.connections_max", 2), ("grpc.connections_max", 1)]);
    let address = node.rest.trim_start_matches("http://").trim_end_matches("/fhir").to_owned();
    let ask = async |peer: &mut TcpStream| {
        peer.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut begun = [0; 12];
        peer.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
    };
    let mut first = TcpStream::connect(&address).await.unwrap();
    let mut second = TcpStream::connect(&address).await.unwrap();
    ask(&mut first).await;
    ask(&mut second).await;
    let mut third = TcpStream::connect(&address).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(300), ask(&mut third)).await;
    assert!(waiting.is_err(), "a third connection is served beside two");
    drop(first);
    let mut answer = [0; 12];
    tokio::time::timeout(HANG, third.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_head() {
    let node = node(&[("rest.head_bytes_max", 8192)]);
    let long = "x".repeat(9000);
    let answer = probe(&node).call("GET", "Patient/p", &[("x-long", &long)], "").await.unwrap();
    refused(&answer, 431, "rest.head_bytes_max");
}

/// Every bound of gRPC's own listener, over gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn of_grpc_messages() {
    let node = node(&[("grpc.message_bytes_max", 2000), ("grpc.write_stream_in_flight_max", 1)]);
    let probe = probe(&node);
    let create = |bytes| api::CreateRequest {
        resource_type: "Patient".into(),
        body: patient("p", bytes).into(),
        ..Default::default()
    };
    let error = probe.grpc.create(create(3000)).await.unwrap_err();
    assert_eq!(error.code(), Some(proto::Code::TooLarge), "{error}");
    assert!(error.to_string().contains("grpc.message_bytes_max"), "{error}");
    // One at a time is slower, not less.
    let writer = probe.grpc.writer(16);
    let written: Vec<_> = stream::iter(0..40)
        .map(|_| writer.write(client::Write::Create(create(10))))
        .buffer_unordered(16)
        .collect()
        .await;
    assert!(written.iter().all(Result::is_ok), "{written:?}");
}
