//! A resource that is given from one patient to another while others write and read it: there is always exactly one of
//! it, its history is whole, and nobody is told that it is not there.

use super::TestNode;
use proto::{Code, api::v1::*};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

const PATIENTS: [&str; 3] = ["a", "b", "c"];

fn body(subject: Option<&str>, value: u32) -> String {
    let subject = subject.map_or(String::new(), |id| format!(r#","subject":{{"reference":"Patient/{id}"}}"#));
    format!(
        r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}}{subject},"valueInteger":{value}}}"#
    )
}

fn patch(subject: Option<&str>, value: u32) -> String {
    match subject {
        Some(id) => format!(r#"{{"subject":{{"reference":"Patient/{id}"}},"valueInteger":{value}}}"#),
        None => format!(r#"{{"subject":null,"valueInteger":{value}}}"#),
    }
}

/// Writes until told how many; what was acknowledged, by version.
async fn write(node: Arc<TestNode>, seed: u64, writer: u32, count: u32) -> BTreeMap<u64, u32> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut acknowledged = BTreeMap::new();
    for number in 0..count {
        let value = writer * 10_000 + number;
        let subject = [Some("a"), Some("b"), Some("c"), None][random.random_range(0..4)];
        let answer = match random.random_range(0..3) {
            0 => node.merge("Observation/o", &patch(subject, value), "").await,
            1 => node.merge("Observation/o", &format!(r#"{{"valueInteger":{value}}}"#), "").await,
            _ => node.put(&body(subject, value)).await,
        };
        match answer {
            Ok(answer) => {
                let version = answer.version_id.parse().unwrap();
                assert_eq!(acknowledged.insert(version, value), None, "one version acknowledged twice");
            }
            Err(error) => assert_eq!(error.code, Code::Conflict, "{error}"),
        }
    }
    acknowledged
}

async fn read(node: Arc<TestNode>, stop: Arc<AtomicBool>) -> u64 {
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        let found = node.get("Observation/o").await.expect("it is there all the time");
        let version = found.version_id.parse().unwrap();
        assert!(version >= last, "version {version} after {last}");
        last = version;
        tokio::task::yield_now().await;
    }
    last
}

async fn round(seed: u64) {
    let node = Arc::new(TestNode::start().await);
    node.put(&body(None, 0)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2).map(|_| tokio::spawn(read(node.clone(), stop.clone()))).collect();
    let writers: Vec<_> = (1..=4)
        .map(|writer| tokio::spawn(write(node.clone(), seed * 10 + u64::from(writer), writer, 40)))
        .collect();
    let mut acknowledged = BTreeMap::from([(1, 0)]);
    for writer in writers {
        for (version, value) in writer.await.unwrap() {
            assert_eq!(
                acknowledged.insert(version, value),
                None,
                "seed {seed}: version {version} given twice"
            );
        }
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let history = node.history("Observation/o").await;
    let versions: Vec<u64> = history.iter().map(|entry| entry.version_id.parse().unwrap()).collect();
    assert_eq!(versions, (1..=versions.len() as u64).rev().collect::<Vec<_>>(), "seed {seed}");
    for entry in &history {
        let version: u64 = entry.version_id.parse().unwrap();
        if let Some(value) = acknowledged.get(&version) {
            let body = std::str::from_utf8(&entry.body).unwrap();
            assert!(body.contains(&format!("\"valueInteger\":{value}")), "seed {seed}: {version} is {body}");
        }
    }
    let newest = *acknowledged.keys().last().unwrap();
    assert!(
        versions[0] >= newest,
        "seed {seed}: version {newest} was acknowledged, {} is the last",
        versions[0]
    );
    assert_eq!(node.copies("Observation/o", &PATIENTS), 1, "seed {seed}");
    assert_eq!(node.count("Observation", "_id", "o").await, 1, "seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_always_exactly_one_of_a_resource_that_moves() {
    for seed in 0..6 {
        round(seed).await;
    }
}

/// Made by many at once, free-standing and under patients: one of them creates, the others update.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creations_of_one_id_in_different_compartments_make_one_resource() {
    let node = Arc::new(TestNode::start().await);
    for number in 0..30 {
        let id = format!("n{number}");
        let put = |subject: Option<&str>, value| {
            let (node, body) = (node.clone(), body(subject, value).replace("\"o\"", &format!("\"{id}\"")));
            tokio::spawn(async move { node.put(&body).await })
        };
        let all = [put(None, 1), put(Some("a"), 2), put(Some("b"), 3), put(None, 4)];
        let mut versions = vec![];
        for one in all {
            match one.await.unwrap() {
                Ok(answer) => versions.push(answer.version_id),
                Err(error) => assert_eq!(error.code, Code::Conflict),
            }
        }
        versions.sort();
        versions.dedup();
        let name = format!("Observation/{id}");
        assert_eq!(node.copies(&name, &PATIENTS), 1, "{name}");
        assert_eq!(node.history(&name).await.len(), versions.len(), "{name}");
        assert_eq!(node.get(&name).await.unwrap().version_id, versions.len().to_string(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_that_was_given_away_is_deleted_where_it_is() {
    let node = TestNode::start().await;
    node.put(&body(Some("a"), 1)).await.unwrap();
    node.put(&body(Some("b"), 2)).await.unwrap();
    let deleted = node.delete("Observation", "o", "").await.unwrap();
    assert_eq!((deleted.outcome, deleted.version_id.as_str()), (Outcome::Deleted as i32, "3"));
    assert_eq!(node.get("Observation/o").await.unwrap_err().code, Code::Gone);
}
