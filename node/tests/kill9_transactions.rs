//! Power cuts under transactions across partitions and under creates with ids of the client's: the node is back at once,
//! each transaction is there whole or not at all, and nothing it left behind holds anybody up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use testkit::{node::NodeProcess, probe::Probe};

const WRITERS: u64 = 6;
const ROUNDS: u64 = 4;
/// What is left prepared may wait so long for a coordinator that is slow. One that is dead must not be waited for.
const DEADLINE: Duration = Duration::from_secs(60);
/// Well above a start on a loaded machine.
const SOON: Duration = Duration::from_secs(30);

fn put(name: &str, body: &str) -> String {
    format!(r#"{{"resource":{body},"request":{{"method":"PUT","url":"{name}"}}}}"#)
}

fn patient(id: &str, value: u64) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"urn:pair","value":"{value}"}}]}}"#
    )
}

/// Two patients of different partitions that always have the same value.
fn pair(writer: u64, value: u64) -> String {
    let (left, right) = (format!("left{writer}"), format!("right-{writer}"));
    let entries = [&left, &right].map(|id| put(&format!("Patient/{id}"), &patient(id, value)));
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

/// A new resource under an id of the client's, whose row in the directory is another partition's.
fn observation(writer: u64, value: u64) -> (String, String) {
    let id = format!("o{writer}-{value}");
    let body = format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"c"}},"subject":{{"reference":"Patient/left{writer}"}}}}"#
    );
    (format!("Observation/{id}"), body)
}

/// What a writer was told, and what it may have written besides.
#[derive(Clone, Default)]
struct Written {
    /// Of the pair.
    acknowledged: u64,
    tried: u64,
    /// Values of acknowledged observations.
    observed: Vec<u64>,
}

async fn write_until_gone(probe: Probe, writer: u64, mut written: Written, total: Arc<AtomicU64>) -> Written {
    loop {
        let value = written.tried + 1;
        written.tried = value;
        match probe.call("POST", "", &[], pair(writer, value)).await {
            Ok(answer) if answer.status == 200 => written.acknowledged = value,
            Ok(answer) => panic!("writer {writer}: {answer:?}"),
            Err(_) => return written,
        }
        let (name, body) = observation(writer, value);
        match probe.put(&name, body).await {
            Ok(answer) if answer.status == 201 => {
                written.observed.push(value);
                total.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => panic!("writer {writer}: {answer:?}"),
            Err(_) => return written,
        }
    }
}

async fn value_of(probe: &Probe, id: &str) -> u64 {
    let patient = probe.get(&format!("Patient/{id}")).await.unwrap();
    patient.body["identifier"][0]["value"].as_str().map_or(0, |value| value.parse().unwrap())
}

async fn check(probe: &Probe, writer: u64, written: &Written) {
    let values =
        [value_of(probe, &format!("left{writer}")).await, value_of(probe, &format!("right-{writer}")).await];
    assert_eq!(values[0], values[1], "writer {writer}: half a transaction");
    assert!(
        (written.acknowledged..=written.tried).contains(&values[0]),
        "writer {writer}: {values:?} of {} acknowledged, {} tried",
        written.acknowledged,
        written.tried
    );
    // One is there or is not, by its id and in its patient's record alike.
    let mut there = 0;
    for value in 1..=written.tried {
        let (name, _) = observation(writer, value);
        let status = probe.get(&name).await.unwrap().status;
        there += u64::from(status == 200);
        assert!(status == 200 || !written.observed.contains(&value), "{name} was acknowledged: {status}");
    }
    let found = probe.total(&format!("Observation?patient=left{writer}")).await.unwrap();
    assert_eq!(found, there, "writer {writer}");
}

/// Rows of transactions that nobody finished, as the metrics page tells.
async fn prepared(node: &NodeProcess) -> u64 {
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    let line = page.lines().find(|line| line.starts_with("salamander_transactions_prepared "));
    line.and_then(|line| line.rsplit(' ').next()).unwrap().parse::<f64>().unwrap() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_is_back_at_once_and_no_transaction_is_half() {
    let node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let node = node.set("transactions.prepare_timeout_ms", DEADLINE.as_millis());
    let mut node = node.begin().unwrap();
    let mut written = vec![Written::default(); WRITERS as usize];
    for round in 0..ROUNDS {
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        let total = Arc::new(AtomicU64::new(0));
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let from = written[writer as usize].clone();
                tokio::spawn(write_until_gone(probe.clone(), writer, from, total.clone()))
            })
            .collect();
        while total.load(Ordering::Relaxed) < 40 + 7 * round {
            assert!(!writers.iter().any(|writer| writer.is_finished()), "a writer ended before the kill");
            tokio::task::yield_now().await;
        }
        node.kill9().unwrap();
        for (writer, task) in writers.into_iter().enumerate() {
            written[writer] = task.await.unwrap();
        }

        let started = Instant::now();
        node.restart().unwrap();
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        for writer in 0..WRITERS {
            let value = written[writer as usize].tried + 1;
            let answer = probe.call("POST", "", &[], pair(writer, value)).await.unwrap();
            assert_eq!(answer.status, 200, "round {round}: {answer:?}");
            written[writer as usize].tried = value;
            written[writer as usize].acknowledged = value;
        }
        assert!(
            started.elapsed() < SOON,
            "round {round}: {:?} until all could be written",
            started.elapsed()
        );
        for writer in 0..WRITERS {
            check(&probe, writer, &written[writer as usize]).await;
        }
        while prepared(&node).await > 0 {
            assert!(started.elapsed() < SOON, "round {round}: rows nobody writes stay prepared");
            tokio::task::yield_now().await;
        }
    }
}
