//! Many patches at once: none is lost, whichever wire it came over, and none is applied to a version nobody chose.

use client::api;
use futures::future::join_all;
use std::collections::BTreeSet;
use testkit::{node::NodeProcess, probe::Probe};

fn start() -> (NodeProcess, Probe) {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

const JSON_PATCH: (&str, &str) = ("content-type", "application/json-patch+json");
const MERGE_PATCH: (&str, &str) = ("content-type", "application/merge-patch+json");

fn identifiers(resource: &serde_json::Value) -> BTreeSet<String> {
    let all = resource["identifier"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|identifier| identifier["value"].as_str().unwrap().to_owned()).collect()
}

/// Each writer adds its own identifier at the end of the list.
fn addition(writer: usize) -> String {
    format!(r#"[{{"op":"add","path":"/identifier/-","value":{{"value":"w{writer}"}}}}]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_parallel_patches_take_effect() {
    let (_node, probe) = start();
    let patient = r#"{"resourceType":"Patient","id":"a","identifier":[{"value":"first"}]}"#;
    let observation = r#"{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"identifier":[{"value":"first"}]}"#;
    for (kind, body) in [("Patient", patient), ("Observation", observation)] {
        let place = format!("{kind}/a");
        assert_eq!(probe.put(&place, body).await.unwrap().status, 201);
        let rest = (0..40).map(|writer| {
            let (probe, place) = (probe.clone(), place.clone());
            async move {
                let answer = probe.call("PATCH", &place, &[JSON_PATCH], addition(writer)).await.unwrap();
                assert_eq!(answer.status, 200, "{answer:?}");
                answer.version.unwrap()
            }
        });
        let grpc = (40..80).map(|writer| {
            let probe = probe.clone();
            async move {
                let request = api::PatchRequest {
                    resource_type: kind.to_owned(),
                    id: "a".to_owned(),
                    kind: api::PatchKind::Json as i32,
                    body: addition(writer).into(),
                    ..Default::default()
                };
                probe.grpc.patch(request).await.unwrap().version_id.parse().unwrap()
            }
        });
        let (rest, grpc) = tokio::join!(join_all(rest), join_all(grpc));
        let versions: BTreeSet<u64> = rest.into_iter().chain(grpc).collect();
        assert_eq!(versions, (2..=81).collect(), "every patch made a version of its own");
        let current = probe.get(&place).await.unwrap();
        assert_eq!((current.version, identifiers(&current.body).len()), (Some(81), 81));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_the_patches_of_a_version_wins() {
    let (_node, probe) = start();
    assert_eq!(probe.put("Patient/a", r#"{"resourceType":"Patient","id":"a"}"#).await.unwrap().status, 201);
    for version in 1..=5_u64 {
        let writers = (0..16).map(|writer| {
            let probe = probe.clone();
            async move {
                let if_match = format!("W/\"{version}\"");
                let body = format!(r#"{{"language":"v{version}w{writer}"}}"#);
                let headers = [MERGE_PATCH, ("if-match", if_match.as_str())];
                let answer = probe.call("PATCH", "Patient/a", &headers, body).await.unwrap();
                assert!(matches!(answer.status, 200 | 412), "{answer:?}");
                answer.status == 200
            }
        });
        assert_eq!(join_all(writers).await.into_iter().filter(|won| *won).count(), 1, "version {version}");
    }
}

/// Conditional patches of one criterion, while others write the same resource.
#[tokio::test(flavor = "multi_thread")]
async fn conditional_patches_are_not_lost_either() {
    let (_node, probe) = start();
    let body = r#"{"resourceType":"Patient","id":"a","active":true,"identifier":[{"system":"urn:s","value":"first"}]}"#;
    assert_eq!(probe.put("Patient/a", body).await.unwrap().status, 201);
    let writers = (0..30).map(|writer| {
        let probe = probe.clone();
        let path = if writer % 2 == 0 { "Patient?identifier=urn:s|first" } else { "Patient/a" };
        async move {
            let answer = probe.call("PATCH", path, &[JSON_PATCH], addition(writer)).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    });
    join_all(writers).await;
    let current = probe.get("Patient/a").await.unwrap();
    assert_eq!((current.version, identifiers(&current.body).len()), (Some(31), 31));
}

/// Patches that give an observation to another patient, and patches of its status, at once.
#[tokio::test(flavor = "multi_thread")]
async fn patches_that_move_a_resource_lose_nothing() {
    let (_node, probe) = start();
    let body = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p0"},"identifier":[{"value":"first"}]}"#;
    assert_eq!(probe.put("Observation/o", body).await.unwrap().status, 201);
    let writers = (0..24).map(|writer| {
        let probe = probe.clone();
        let patch = match writer % 4 {
            0 => format!(r#"[{{"op":"replace","path":"/subject/reference","value":"Patient/p{writer}"}},{{"op":"add","path":"/identifier/-","value":{{"value":"w{writer}"}}}}]"#),
            _ => addition(writer),
        };
        async move {
            let answer = probe.call("PATCH", "Observation/o", &[JSON_PATCH], patch).await.unwrap();
            assert!(matches!(answer.status, 200 | 409), "{answer:?}");
            (answer.status == 200).then(|| format!("w{writer}"))
        }
    });
    let mut written: BTreeSet<String> = join_all(writers).await.into_iter().flatten().collect();
    written.insert("first".to_owned());
    let current = probe.get("Observation/o").await.unwrap();
    assert_eq!(identifiers(&current.body), written);
    assert_eq!(current.version, Some(written.len() as u64));
    let mut found = 0;
    for writer in 0..24 {
        found += probe.total(&format!("Observation?patient=p{writer}")).await.unwrap();
    }
    assert_eq!(found, 1, "it belongs to one patient");
}
