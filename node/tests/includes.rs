//! `_include` and `_revinclude` on the real binary: while others write, in streams, over their limit.

use client::api;
use futures::TryStreamExt;
use proto::Code;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use testkit::{node::NodeProcess, probe::Probe};

const PATIENTS: usize = 8;
const OBSERVATIONS: usize = 24;

async fn start(options: &[(&str, &str)]) -> (NodeProcess, Probe) {
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    for (name, value) in options {
        node = node.set(name, value);
    }
    let node = node.begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    for number in 0..PATIENTS {
        put_patient(&probe, number).await;
    }
    for number in 0..OBSERVATIONS {
        put_observation(&probe, number, number % PATIENTS).await;
    }
    (node, probe)
}

async fn put_patient(probe: &Probe, number: usize) {
    let body = format!(r#"{{"resourceType":"Patient","id":"p{number}"}}"#);
    let answer = probe.put(&format!("Patient/p{number}"), body).await.unwrap();
    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
}

async fn put_observation(probe: &Probe, number: usize, patient: usize) {
    let body = format!(
        r#"{{"resourceType":"Observation","id":"o{number}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/p{patient}"}}}}"#
    );
    let answer = probe.put(&format!("Observation/o{number}"), body).await.unwrap();
    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
}

fn search(resource_type: &str, parameters: &[(&str, &str)]) -> api::SearchRequest {
    let parameter = |(name, value): &(&str, &str)| api::SearchParameter {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let parameters = parameters.iter().map(parameter).collect();
    api::SearchRequest { resource_type: resource_type.to_owned(), parameters, ..Default::default() }
}

fn of_mode(entries: &[api::SearchEntry], mode: api::SearchMode) -> Vec<&api::SearchEntry> {
    entries.iter().filter(|entry| entry.mode() == mode).collect()
}

fn subject(entry: &api::SearchEntry) -> String {
    let body: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
    body["subject"]["reference"].as_str().unwrap().trim_start_matches("Patient/").to_owned()
}

/// Patients are deleted and come back, observations go from one to another.
async fn write(probe: Probe, writer: usize, stop: Arc<AtomicBool>) -> usize {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let number = (turn * 3 + writer) % PATIENTS;
        if turn % 2 == 0 {
            let answer = probe.call("DELETE", &format!("Patient/p{number}"), &[], "").await.unwrap();
            assert!(matches!(answer.status, 200 | 204), "{answer:?}");
        } else {
            put_patient(&probe, number).await;
        }
        put_observation(&probe, (turn * 5 + writer) % OBSERVATIONS, (turn + writer) % PATIENTS).await;
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_and_moved_meanwhile_is_no_error() {
    let (_node, probe) = start(&[]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..3).map(|writer| tokio::spawn(write(probe.clone(), writer, stop.clone()))).collect();
    let forth = search("Observation", &[("_count", "100"), ("_include", "Observation:subject")]);
    let back = search("Patient", &[("_count", "100"), ("_revinclude:iterate", "Observation:patient")]);
    for _ in 0..150 {
        let page = probe.grpc.search(forth.clone()).await.unwrap().entries;
        let matches = of_mode(&page, api::SearchMode::Match);
        assert_eq!(matches.len(), OBSERVATIONS);
        let subjects: BTreeSet<String> = matches.into_iter().map(subject).collect();
        for included in of_mode(&page, api::SearchMode::Include) {
            assert!(subjects.contains(&included.id), "{} is nobody's subject", included.id);
        }
        let page = probe.grpc.search(back.clone()).await.unwrap().entries;
        let mut times = BTreeMap::new();
        for entry in &page {
            *times.entry((&entry.resource_type, &entry.id)).or_insert(0) += 1;
        }
        assert!(times.values().all(|times| *times == 1), "{times:?}");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_them_after_the_matches_of_each_page() {
    let (_node, probe) = start(&[]).await;
    let request = search("Observation", &[("_count", "5"), ("_include", "Observation:subject")]);
    let streamed: Vec<api::SearchEntry> =
        probe.grpc.search_stream(request.clone()).await.unwrap().try_collect().await.unwrap();
    let pages: Vec<api::SearchResponse> = probe.grpc.search_pages(request).try_collect().await.unwrap();
    assert_eq!(pages.len(), OBSERVATIONS.div_ceil(5));
    for page in &pages {
        let modes: Vec<api::SearchMode> = page.entries.iter().map(|entry| entry.mode()).collect();
        assert!(modes.is_sorted_by_key(|mode| *mode as i32), "{modes:?}");
        let matches = of_mode(&page.entries, api::SearchMode::Match);
        let subjects: BTreeSet<String> = matches.into_iter().map(subject).collect();
        let included: Vec<String> = of_mode(&page.entries, api::SearchMode::Include)
            .into_iter()
            .map(|entry| entry.id.clone())
            .collect();
        assert_eq!(included.len(), subjects.len());
        assert_eq!(included.into_iter().collect::<BTreeSet<_>>(), subjects);
    }
    let paged: Vec<api::SearchEntry> = pages.into_iter().flat_map(|page| page.entries).collect();
    assert_eq!(streamed, paged);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_is_refused_and_says_what_to_change() {
    let (_node, probe) = start(&[("limits.search_includes_max", "4")]).await;
    for (resource_type, name, value, count) in [
        ("Observation", "_include", "Observation:subject", "10"),
        ("Patient", "_revinclude", "Observation:subject", "4"),
        ("Observation", "_include:iterate", "*", "24"),
    ] {
        let request = search(resource_type, &[(name, value), ("_count", count)]);
        let error = probe.grpc.search(request).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::TooCostly), "{name}: {error}");
        let answer = probe.get(&format!("{resource_type}?{name}={value}&_count={count}")).await.unwrap();
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.diagnostics().contains("limits.search_includes_max"), "{answer:?}");
        let one = search(resource_type, &[(name, value), ("_count", "1")]);
        assert!(probe.grpc.search(one).await.unwrap().entries.len() > 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_followed_to_its_end_or_refused() {
    let (_node, probe) = start(&[]).await;
    for number in 0..120 {
        let part_of = format!(r#","partOf":{{"reference":"Location/l{}"}}"#, number + 1);
        let body = format!(r#"{{"resourceType":"Location","id":"l{number}"{part_of}}}"#);
        assert_eq!(probe.put(&format!("Location/l{number}"), body).await.unwrap().status, 201);
    }
    for name in ["_include:iterate", "_revinclude:iterate"] {
        let of = |id: &str| search("Location", &[("_id", id), (name, "Location:partof")]);
        let (near, far) = if name.starts_with("_include") { ("l60", "l0") } else { ("l60", "l119") };
        let entries = probe.grpc.search(of(near)).await.unwrap().entries;
        assert_eq!(entries.len(), if name.starts_with("_include") { 60 } else { 61 }, "{name}");
        let error = probe.grpc.search(of(far)).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::TooCostly), "{name}: {error}");
        assert!(error.to_string().contains(":iterate"), "{error}");
    }
}
