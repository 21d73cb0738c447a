//! Options that are seen at the process and its listeners only.

use std::time::{Duration, Instant};
use testkit::{node::NodeProcess, probe::Probe};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No change within this is a hang.
const HANG: Duration = Duration::from_secs(30);

fn node() -> NodeProcess {
    NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap()
}

/// The few frames of HTTP/2 (RFC 9113) that tell a listener's options.
struct Peer(TcpStream);

impl Peer {
    async fn connect(node: &NodeProcess) -> Peer {
        let mut stream = TcpStream::connect(node.grpc.trim_start_matches("http://")).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
        Peer(stream)
    }

    /// Type and payload of the next frame; `None` where the connection was closed.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 9];
        timeout(HANG, self.0.read_exact(&mut head)).await.unwrap().ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((head[3], payload))
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes[..4].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_grpc_listener() {
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;
    let node = node()
        .set("grpc.connections_max", 1)
        .set("grpc.streams_per_connection_max", 17)
        .set("grpc.stream_window_bytes", 70_001)
        // A greeting only says what is worth saying: more than half as much again.
        .set("grpc.connection_window_bytes", 200_003)
        .set("grpc.keepalive_interval_ms", 300)
        .set("grpc.keepalive_timeout_ms", 200)
        .begin()
        .unwrap();
    let mut peer = Peer::connect(&node).await;
    let mut second = Peer::connect(&node).await;
    let (mut streams, mut window, mut connection, mut pinged) = (0, 0, 0, None);
    while let Some((kind, payload)) = peer.frame().await {
        match kind {
            SETTINGS => {
                for setting in payload.chunks_exact(6) {
                    match u16::from_be_bytes([setting[0], setting[1]]) {
                        3 => streams = number(&setting[2..]),
                        4 => window = number(&setting[2..]),
                        _ => {}
                    }
                }
            }
            WINDOW_UPDATE => connection = 65_535 + number(&payload),
            // Not answered: the peer is dead.
            PING => pinged = pinged.or(Some(Instant::now())),
            _ => {}
        }
    }
    assert_eq!((streams, window, connection), (17, 70_001, 200_003));
    let waited = pinged.expect("a silent peer is pinged").elapsed();
    assert!(waited >= Duration::from_millis(150), "closed {waited:?} after the ping");
    // Only now there is room for the other one, whose greeting waited in the kernel.
    assert!(second.frame().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_runtime_and_of_answers() {
    let node = node().set("node.threads", 3).set("rest.gzip_bytes_min", 1000).begin().unwrap();
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    assert!(page.contains("salamander_runtime_workers 3\n"), "{page}");
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let encoding = async |id: &str, bytes: usize| {
        let text = "x".repeat(bytes);
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"text":"{text}"}}]}}"#);
        assert_eq!(probe.put(&format!("Patient/{id}"), body).await.unwrap().status, 201);
        let request = reqwest::Client::new().get(format!("{}/Patient/{id}", node.rest));
        let answer = request.header("accept-encoding", "gzip").send().await.unwrap();
        answer.headers().get("content-encoding").map(|encoding| encoding.to_str().unwrap().to_owned())
    };
    assert_eq!(encoding("small", 600).await, None);
    assert_eq!(encoding("large", 1200).await.as_deref(), Some("gzip"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_log_lines() {
    let mut node = node().set("logging.format", "json").set("logging.slow_request_ms", 1).begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let entry = r#"{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}}"#;
    let bundle =
        format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, vec![entry; 500].join(","));
    assert_eq!(probe.call("POST", "", &[], bundle).await.unwrap().status, 200);
    assert_eq!(probe.get("Patient?_lastUpdated=lt2222&_count=500&_revinclude=*").await.unwrap().status, 200);
    assert!(node.terminate().unwrap().success());
    let log = node.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let slow = lines.iter().find(|line| line["message"] == "slow request").unwrap_or_else(|| panic!("{log}"));
    assert!(slow["elapsed_ms"].as_u64().unwrap() >= 1 && slow["interaction"] == "transaction", "{slow}");
    let search =
        lines.iter().find(|line| line["message"] == "slow search").unwrap_or_else(|| panic!("{log}"));
    let plan = search["plan"].as_str().unwrap();
    assert_eq!(
        (&search["resource_type"], &search["parameters"]),
        (&"Patient".into(), &"_lastUpdated&_count&_revinclude".into())
    );
    assert!(plan.contains("_lastUpdated by its column") && !log.contains("2222"), "{plan}");
    let access = lines.iter().find(|line| line["target"] == "access").unwrap();
    assert_eq!((&access["route"], &access["status"]), (&"/fhir".into(), &"200".into()), "{access}");
    let request_id = &access["request_id"];
    assert_eq!(request_id, &slow["request_id"], "one id ties the lines of a request together");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_origins_that_are_named_may_call() {
    const OURS: &str = "https://app.example.org";
    let node = node().set("rest.cors_origins", format!("{OURS},http://localhost:3000")).begin().unwrap();
    let client = reqwest::Client::new();
    let preflight = |origin: &'static str, path: &str| {
        let call = client.request(reqwest::Method::OPTIONS, format!("{}/{path}", node.rest));
        call.header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "if-match,content-type,prefer")
            .send()
    };
    for path in ["Patient/a", "Patient?identifier=x", "Patient/a/$validate", "metadata"] {
        let answer = preflight(OURS, path).await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_lowercase());
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        assert_eq!(header("access-control-allow-origin").as_deref(), Some(OURS));
        assert!(header("access-control-allow-methods").unwrap().contains("patch"), "{answer:?}");
        assert!(header("access-control-allow-headers").unwrap().contains("if-match"), "{answer:?}");
    }
    let call = client.get(format!("{}/Patient/none", node.rest)).header("origin", OURS).send().await.unwrap();
    assert_eq!(call.status(), 404, "errors too are for the page to read");
    assert_eq!(call.headers()["access-control-allow-origin"], OURS);
    assert!(call.headers()["access-control-expose-headers"].to_str().unwrap().contains("etag"));
    let other = preflight("https://evil.example", "Patient/a").await.unwrap();
    assert_eq!(other.headers().get("access-control-allow-origin"), None);
    let off = self::node().begin().unwrap();
    let call = client.get(format!("{}/metadata", off.rest)).header("origin", OURS).send().await.unwrap();
    assert_eq!(call.headers().get("access-control-allow-origin"), None);
}
