//! Commands beside a server, where there is one and where there is none.

use std::{
    net::TcpListener,
    process::{Command, Output},
    time::{Duration, Instant},
};
use testkit::{node::NodeProcess, probe::Probe};

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");
/// "At once", on the slowest machine; without the check `load` tries for two minutes.
const AT_ONCE: Duration = Duration::from_secs(10);

fn run(arguments: &[&str]) -> Output {
    let begun = Instant::now();
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert!(begun.elapsed() < AT_ONCE, "{arguments:?} took {:?}", begun.elapsed());
    output
}

/// A port of the loopback where nobody listens.
fn dead_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn nobody_there_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), r#"{"resourceType":"Patient","id":"a"}"#).unwrap();
    let (dead, folder) = (dead_port(), folder.path().display().to_string());
    for arguments in [vec!["count", "--grpc", &dead], vec!["load", "--grpc", &dead, &folder]] {
        let said = complaint(&run(&arguments));
        assert!(
            said.contains(&dead) && said.contains("refused") && said.contains("salamander start"),
            "{said}"
        );
    }
}

#[test]
fn the_port_of_rest_is_told_from_that_of_grpc() {
    let node = NodeProcess::start(BINARY).unwrap();
    let rest = node.rest.trim_end_matches("/fhir");
    let said = complaint(&run(&["count", "--grpc", rest]));
    assert!(said.contains(rest) && said.contains("REST"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_load_says_that_all_was_there() {
    let node = NodeProcess::start(BINARY).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bundle = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient"}},
        {"request":{"method":"PUT","url":"Patient/b"},"resource":{"resourceType":"Patient","id":"b"}}]}"#;
    std::fs::write(folder.path().join("bundle.json"), bundle).unwrap();
    std::fs::write(folder.path().join("one.json"), r#"{"resourceType":"Patient","id":"a"}"#).unwrap();
    let path = folder.path().display().to_string();
    let load = || {
        let output = run(&["load", "--grpc", &node.grpc, &path]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first = load();
    assert!(first.contains("3 new, 0 changed, 0 there already"), "{first}");
    let again = load();
    assert!(again.contains("0 new, 0 changed, 3 there already"), "{again}");
    std::fs::write(folder.path().join("one.json"), r#"{"resourceType":"Patient","id":"a","active":true}"#)
        .unwrap();
    let other = load();
    assert!(other.contains("0 new, 1 changed, 2 there already"), "{other}");
    assert_eq!(Probe::new(&node.rest, &node.grpc).unwrap().total("Patient").await.unwrap(), 3);
}

/// The line of a look.
fn look<'s>(said: &'s str, what: &str) -> &'s str {
    let mut lines = said.lines().filter(|line| line.split_whitespace().nth(1) == Some(what));
    lines.next().unwrap_or_else(|| panic!("no {what} in\n{said}"))
}

#[test]
fn the_doctor_looks_before_a_start_and_beside_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let doctor = |data: &str, rest: &str| {
        let output =
            run(&["doctor", "--data", data, "--rest", rest, "--grpc", "127.0.0.1:0", "--syncs", "16"]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (status, said, complaint) = doctor(&data, "127.0.0.1:0");
    assert_eq!((status, complaint.as_str()), (Some(0), ""), "{said}");
    for what in ["memory", "files", "room", "disk", "folder", "listeners"] {
        assert!(!look(&said, what).starts_with("BAD"), "{said}");
    }
    assert!(look(&said, "folder").contains("not there yet") && !folder.path().join("data").exists());

    // What a start would fail by, it says.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (status, said, complaint) = doctor(&data, &taken.local_addr().unwrap().to_string());
    assert_eq!(status, Some(1), "{said}");
    assert!(look(&said, "listeners").starts_with("BAD") && complaint.contains("1 of "), "{said}{complaint}");

    let node = NodeProcess::start(BINARY).unwrap();
    let beside = node.data().display().to_string();
    let (status, said, _) = doctor(&beside, "127.0.0.1:0");
    assert_eq!(status, Some(0), "{said}");
    assert!(look(&said, "listeners").contains("a node is at work"), "{said}");
    assert!(look(&said, "clock").starts_with("well"), "{said}");
}
