//! Many writers at once: one create of one condition, one winner of a version, nothing seen half.

use client::api;
use futures::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use testkit::{node::NodeProcess, probe::Probe};

fn start() -> (NodeProcess, Probe) {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

fn patient(identifier: &str) -> String {
    format!(r#"{{"resourceType":"Patient","identifier":[{{"system":"urn:s","value":"{identifier}"}}]}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_condition_creates_one_resource() {
    let (_node, probe) = start();
    for round in 0..5 {
        let (body, criteria) = (patient(&format!("v{round}")), format!("identifier=urn:s|v{round}"));
        let rest = (0..20).map(|_| {
            let (probe, body, criteria) = (probe.clone(), body.clone(), criteria.clone());
            async move {
                let headers = [("if-none-exist", criteria.as_str())];
                let answer = probe.call("POST", "Patient", &headers, body).await.unwrap();
                assert!(matches!(answer.status, 200 | 201), "{answer:?}");
                answer.status == 201
            }
        });
        let grpc = (0..20).map(|_| {
            let (probe, body, criteria) = (probe.clone(), body.clone(), criteria.clone());
            async move {
                let request = api::CreateRequest {
                    resource_type: "Patient".into(),
                    body: body.into(),
                    if_none_exist: criteria,
                    ..Default::default()
                };
                probe.grpc.create(request).await.unwrap().outcome() == api::Outcome::Created
            }
        });
        let (rest, grpc) = tokio::join!(join_all(rest), join_all(grpc));
        assert_eq!(rest.iter().chain(&grpc).filter(|created| **created).count(), 1);
        assert_eq!(probe.total(&format!("Patient?identifier=urn:s|v{round}")).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_has_one_winner() {
    let (_node, probe) = start();
    assert_eq!(probe.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#).await.unwrap().status, 201);
    for version in 1..=10_u64 {
        let writers = (0..16).map(|writer| {
            let probe = probe.clone();
            async move {
                let body =
                    format!(r#"{{"resourceType":"Patient","id":"a","language":"v{version}w{writer}"}}"#);
                let if_match = format!("W/\"{version}\"");
                let answer = probe.call("PUT", "Patient/a", &[("if-match", &if_match)], body).await.unwrap();
                assert!(matches!(answer.status, 200 | 409 | 412), "{answer:?}");
                answer.status == 200
            }
        });
        let won = join_all(writers).await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "version {version}");
    }
    assert_eq!(probe.get("Patient/a").await.unwrap().version, Some(11));
}

/// An observation whose home is the same id, but whose compartment each writer wants to be another.
#[tokio::test(flavor = "multi_thread")]
async fn one_id_is_one_resource_whatever_patient_it_names() {
    let (_node, probe) = start();
    for round in 0..10 {
        let writers = (0..12).map(|writer| {
            let probe = probe.clone();
            async move {
                let body = format!(
                    r#"{{"resourceType":"Observation","id":"o{round}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/p{writer}"}}}}"#
                );
                let answer = probe.put(&format!("Observation/o{round}"), body).await.unwrap();
                assert!(matches!(answer.status, 200 | 201 | 409), "{answer:?}");
                answer.status
            }
        });
        let answers = join_all(writers).await;
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
        let written = answers.iter().filter(|status| **status != 409).count() as u64;
        let history = probe.get(&format!("Observation/o{round}/_history")).await.unwrap().body;
        let versions: Vec<u64> = history["entry"].as_array().unwrap().iter().map(version).collect();
        assert_eq!(versions, (1..=written).rev().collect::<Vec<_>>(), "{answers:?}");
        assert_eq!(probe.total(&format!("Observation?_id=o{round}")).await.unwrap(), 1);
        let mut found = 0;
        for writer in 0..12 {
            found += probe.total(&format!("Observation?patient=p{writer}&_id=o{round}")).await.unwrap();
        }
        assert_eq!(found, 1, "it is found under another patient than its own");
    }
    assert_eq!(probe.total("Observation").await.unwrap(), 10);
}

fn observation(id: &str, of: usize) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/p{of}"}},"identifier":[{{"value":"{id}"}}]}}"#
    )
}

/// Each write is a transaction over two partitions, and there is hardly a moment without some that are decided and not yet
/// finished. Each writer has a connection of its own.
#[tokio::test(flavor = "multi_thread")]
async fn searches_are_answered_while_resources_come_under_ids_of_clients() {
    let (node, _) = start();
    let writers = (0..64).map(|writer| {
        let probe = Probe::new(&node.rest, &node.grpc).unwrap();
        tokio::spawn(write_and_search(probe, writer))
    });
    for ended in join_all(writers).await {
        ended.unwrap();
    }
}

async fn write_and_search(probe: Probe, writer: usize) {
    for number in 0..360 {
        let (id, of) = (format!("o{writer}-{number}"), (writer + number) % 64);
        let request = api::UpdateRequest {
            resource_type: "Observation".into(),
            id: id.clone(),
            body: observation(&id, of).into(),
            ..Default::default()
        };
        probe.grpc.update(request).await.unwrap();
        let pairs = match number % 24 {
            0 => vec![("identifier", id)],
            8 => vec![("patient", format!("p{of}")), ("identifier", id)],
            16 => vec![("_id", id)],
            _ => continue,
        };
        let parameters =
            pairs.into_iter().map(|(name, value)| api::SearchParameter { name: name.into(), value });
        let request = api::SearchRequest {
            resource_type: "Observation".into(),
            parameters: parameters.collect(),
            ..Default::default()
        };
        assert_eq!(probe.grpc.search(request.clone()).await.unwrap().entries.len(), 1, "{request:?}");
    }
}

fn version(entry: &serde_json::Value) -> u64 {
    entry["resource"]["meta"]["versionId"].as_str().unwrap().parse().unwrap()
}

/// A page shows what matched, not what became of it meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_never_shows_what_does_not_match() {
    let (_node, probe) = start();
    let body = |active: bool| format!(r#"{{"resourceType":"Patient","id":"flip","active":{active}}}"#);
    assert_eq!(probe.put("Patient/flip", body(true)).await.unwrap().status, 201);
    let done = Arc::new(AtomicBool::new(false));
    let searchers: Vec<_> = (0..6)
        .map(|searcher| {
            let (probe, done, active) = (probe.clone(), done.clone(), searcher % 2 == 0);
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let page = probe.get(&format!("Patient?active={active}")).await.unwrap();
                    for entry in page.body["entry"].as_array().into_iter().flatten() {
                        assert_eq!(entry["resource"]["active"], active, "{page:?}");
                    }
                }
            })
        })
        .collect();
    for round in 0..400 {
        assert_eq!(probe.put("Patient/flip", body(round % 2 == 1)).await.unwrap().status, 200);
    }
    done.store(true, Ordering::Relaxed);
    for searcher in searchers {
        searcher.await.unwrap();
    }
}

fn pair(value: u64) -> String {
    let entry = |id: &str| {
        format!(
            r#"{{"resource":{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"urn:pair","value":"{value}"}}]}},"request":{{"method":"PUT","url":"Patient/{id}"}}}}"#
        )
    };
    let (one, two) = (entry("left"), entry("right-of-another-partition"));
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{one},{two}]}}"#)
}

/// Two patients, so two compartments, that one transaction always changes together.
#[tokio::test(flavor = "multi_thread")]
async fn no_read_sees_half_a_transaction() {
    let (_node, probe) = start();
    assert_eq!(probe.call("POST", "", &[], pair(0)).await.unwrap().status, 200);
    let (done, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let readers: Vec<_> = (0..4)
        .map(|reader| tokio::spawn(read_pairs(probe.clone(), reader, done.clone(), reads.clone())))
        .collect();
    for value in 1..=150 {
        let answer = probe.call("POST", "", &[], pair(value)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    while reads.load(Ordering::Relaxed) < 50 {
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

/// Two reads are not one moment: the first value read may be older, never newer, than the second. Whichever is read
/// first.
async fn read_pairs(probe: Probe, reader: u64, done: Arc<AtomicBool>, reads: Arc<AtomicU64>) {
    let value = |patient: &serde_json::Value| -> u64 {
        patient["identifier"][0]["value"].as_str().unwrap().parse().unwrap()
    };
    while !done.load(Ordering::Relaxed) {
        let mut ids = ["left", "right-of-another-partition"];
        if reader % 2 == 1 {
            ids.reverse();
        }
        let first = probe.get(&format!("Patient/{}", ids[0])).await.unwrap();
        let second = probe.get(&format!("Patient/{}", ids[1])).await.unwrap();
        assert!(value(&first.body) <= value(&second.body), "{first:?} {second:?}");
        // One search is one moment.
        let both = probe.get("Patient?identifier=urn:pair|").await.unwrap();
        let entries = both.body["entry"].as_array().unwrap();
        assert_eq!(entries.len(), 2, "{both:?}");
        assert_eq!(value(&entries[0]["resource"]), value(&entries[1]["resource"]), "{both:?}");
        reads.fetch_add(1, Ordering::Relaxed);
    }
}
