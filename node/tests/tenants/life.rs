//! From the command that makes a tenant to the last of its rows.

use super::{BINARY, SOON, admin, create, node, of_tenant};
use client::api::TenantStatus;
use proto::Code;
use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};
use testkit::{node::NodeProcess, probe::Probe};

fn tenant(node: &NodeProcess, arguments: &[&str]) -> Output {
    Command::new(BINARY).args(["tenant", "--grpc", &node.grpc]).args(arguments).output().unwrap()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn patient(id: &str, family: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#)
}

async fn listed(node: &NodeProcess) -> Vec<TenantStatus> {
    admin(node).tenants().await.unwrap()
}

/// Until nothing is left of deleted tenants.
async fn all_gone(node: &NodeProcess) {
    let began = Instant::now();
    while listed(node).await.iter().any(|one| one.state != "active") {
        assert!(began.elapsed() < SOON, "{:?}", listed(node).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn fill(probe: &Probe, patients: usize) {
    for chunk in (0..patients).collect::<Vec<_>>().chunks(100) {
        let entry = |number: &usize| {
            format!(
                r#"{{"request":{{"method":"PUT","url":"Patient/f{number}"}},"resource":{}}},
                   {{"request":{{"method":"POST","url":"Observation"}},"resource":{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"Patient/f{number}"}}}}}}"#,
                patient(&format!("f{number}"), "Filler")
            )
        };
        let entries: Vec<String> = chunk.iter().map(entry).collect();
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{}]}}"#, entries.join(","));
        let answer =
            probe.call("POST", "", &[("content-type", "application/fhir+json")], bundle).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_say_what_is_so() {
    let node = node().set("limits.tenants_max", 2).begin().unwrap();
    let made = done(&tenant(&node, &["create", "clinic-1"]));
    assert!(made.contains("/t/clinic-1/fhir") && made.contains("number 2"), "{made}");
    assert!(complaint(&tenant(&node, &["create", "clinic-1"])).contains("already"));
    assert!(complaint(&tenant(&node, &["create", "default"])).contains("already"));
    assert!(complaint(&tenant(&node, &["create", "Clinic"])).contains("lower-case"));
    done(&tenant(&node, &["create", "b"]));
    let many = complaint(&tenant(&node, &["create", "c"]));
    assert!(many.contains("limits.tenants_max"), "{many}");
    let list = done(&tenant(&node, &["list"]));
    assert!(list.contains("1  active    default") && list.contains("2  active    clinic-1"), "{list}");
    let probe = of_tenant(&node, "clinic-1");
    probe.put("Patient/a", patient("a", "A")).await.unwrap();
    assert!(
        complaint(&tenant(&node, &["delete", "clinic-1", "--confirm", "b"])).contains("nothing is deleted")
    );
    assert!(
        complaint(&tenant(&node, &["delete", "default", "--confirm", "default"])).contains("always there")
    );
    assert!(complaint(&tenant(&node, &["delete", "nobody", "--confirm", "nobody"])).contains("no tenant"));
    let gone = done(&tenant(&node, &["delete", "clinic-1", "--confirm", "clinic-1", "--wait"]));
    assert!(gone.contains("is deleted") && gone.contains("all of its data is gone"), "{gone}");
    let json = done(&tenant(&node, &["list", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_loaded_into_a_tenant() {
    let node = node().begin().unwrap();
    create(&node, "a").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.json"), patient("p", "P")).unwrap();
    let run = |arguments: &[&str]| {
        Command::new(BINARY).args(arguments).args(["--grpc", &node.grpc]).output().unwrap()
    };
    let path = folder.path().to_str().unwrap();
    let loaded = done(&run(&["load", "--tenant", "a", path]));
    assert!(loaded.contains("1 new"), "{loaded}");
    assert!(done(&run(&["count", "--tenant", "a"])).contains("1  Patient"));
    assert!(!done(&run(&["count"])).contains("Patient"));
    for command in [&["load", "--tenant", "nobody", path][..], &["count", "--tenant", "nobody"]] {
        assert!(complaint(&run(command)).contains("tenant create nobody"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_one_tenant_however_often_it_is_sent() {
    let node = node().begin().unwrap();
    let admin = admin(&node);
    let first = admin.create_tenant("a", "a token".into()).await;
    assert_eq!(first.unwrap_err().code(), Some(Code::BadRequest));
    let first = admin.create_tenant("a", "token of a".into()).await.unwrap();
    let again = admin.create_tenant("a", "token of a".into()).await.unwrap();
    assert_eq!((first.number, again.number), (2, 2));
    let other = admin.create_tenant("a", "another token".into()).await.unwrap_err();
    assert_eq!(other.code(), Some(Code::PreconditionFailed));
}

/// What a tenant defined is known after a start, and to nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn definitions_of_a_tenant_are_there_after_a_start() {
    let mut node = node().begin().unwrap();
    create(&node, "a").await;
    let value_set = r#"{"resourceType":"ValueSet","id":"v","url":"http://e/v","status":"active","compose":{"include":[{"system":"urn:s","concept":[{"code":"x"}]}]}}"#;
    let parameter = r#"{"resourceType":"SearchParameter","id":"own","url":"http://e/own","name":"own","description":"own","status":"active","code":"own","base":["Patient"],"type":"string","expression":"Patient.name.family"}"#;
    let a = of_tenant(&node, "a");
    assert_eq!(a.put("ValueSet/v", value_set).await.unwrap().status, 201);
    assert_eq!(a.put("SearchParameter/own", parameter).await.unwrap().status, 201);
    a.put("Patient/p", patient("p", "Mine")).await.unwrap();
    for start in 0..3 {
        match start {
            0 => {}
            1 => drop(node.terminate().unwrap()),
            _ => node.kill9().unwrap(),
        }
        if start > 0 {
            node.restart().unwrap();
        }
        let (a, default) = (of_tenant(&node, "a"), Probe::new(&node.rest, &node.grpc).unwrap());
        let expand = "ValueSet/$expand?url=http://e/v";
        assert_eq!(a.get(expand).await.unwrap().status, 200);
        assert_ne!(default.get(expand).await.unwrap().status, 200);
        let began = Instant::now();
        let found = loop {
            let found = a.get("Patient?own=Mine").await.unwrap();
            if found.status != 409 || began.elapsed() > SOON {
                break found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!((found.status, &found.body["total"]), (200, &1.into()), "{}", found.text);
        let strict = [("prefer", "handling=strict")];
        assert_eq!(default.call("GET", "Patient?own=Mine", &strict, "").await.unwrap().status, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_is_refused_at_once_and_its_name_begins_anew() {
    let mut node = node().begin().unwrap();
    let first = create(&node, "a").await;
    let (a, default) = (of_tenant(&node, "a"), Probe::new(&node.rest, &node.grpc).unwrap());
    fill(&a, 1500).await;
    a.call("POST", "Patient", &[("idempotency-key", "k")], patient("x", "A")).await.unwrap();
    default.put("Patient/f1", patient("f1", "Default")).await.unwrap();
    assert_eq!(a.total("Patient").await.unwrap(), 1501);
    let ended = admin(&node).delete_tenant("a").await.unwrap();
    assert_eq!((ended.number, ended.state.as_str()), (first, "dropping"));
    for path in ["Patient/f1", "Patient?family=Filler", "_history", "metadata", "Patient/f1/$everything"] {
        let refused = a.get(path).await.unwrap();
        assert_eq!(refused.status, 404, "{path}: {}", refused.text);
        assert!(refused.diagnostics().contains("no tenant"), "{}", refused.text);
    }
    assert_eq!(a.put("Patient/f1", patient("f1", "A")).await.unwrap().status, 404);
    let over_grpc = a.grpc.read("Patient", "f1").await.unwrap_err();
    assert_eq!(over_grpc.code(), Some(Code::NotFound));
    // The same name, while the old data is still going.
    let second = create(&node, "a").await;
    assert!(second > first);
    assert_eq!(a.total("Patient").await.unwrap(), 0);
    assert_eq!(a.get("Patient/f1").await.unwrap().status, 404);
    let again = a.call("POST", "Patient", &[("idempotency-key", "k")], patient("y", "Anew")).await.unwrap();
    assert_eq!((again.status, a.total("Patient").await.unwrap()), (201, 1), "{}", again.text);
    a.put("Patient/f1", patient("f1", "Anew")).await.unwrap();
    // Deleting goes on where it broke.
    node.kill9().unwrap();
    node.restart().unwrap();
    all_gone(&node).await;
    assert_eq!(a.total("Patient").await.unwrap(), 2);
    assert_eq!(a.get("Patient/f1").await.unwrap().version, Some(1));
    assert_eq!(default.total("Patient").await.unwrap(), 1);
    let metrics = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("salamander_tenants 1"), "{metrics}");
    node.kill9().unwrap();
    node.restart().unwrap();
    assert_eq!((a.total("Patient").await.unwrap(), create(&node, "b").await), (2, second + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn references_below_a_tenants_base_are_its_own() {
    let node = node().set("rest.base_url", "https://fhir.example.org/fhir").begin().unwrap();
    create(&node, "a").await;
    let (a, default) = (of_tenant(&node, "a"), Probe::new(&node.rest, &node.grpc).unwrap());
    let observation = |subject: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}"#
        )
    };
    let (of_default, of_a) =
        ("https://fhir.example.org/fhir/Patient/p", "https://fhir.example.org/t/a/fhir/Patient/p");
    for (probe, own, other) in [(&default, of_default, of_a), (&a, of_a, of_default)] {
        probe.put("Patient/p", patient("p", "P")).await.unwrap();
        for (reference, found) in [(own, 1), (other, 0), ("Patient/p", 1)] {
            probe.put("Observation/o", observation(reference)).await.unwrap();
            assert_eq!(probe.total("Observation?subject=Patient/p").await.unwrap(), found, "{reference}");
            assert_eq!(probe.total("Patient/p/Observation").await.unwrap(), found, "{reference}");
        }
        let page = probe.get("Observation?_include=Observation:subject").await.unwrap();
        let base = own.strip_suffix("/Patient/p").unwrap();
        let all = |key: &str| page.text.matches(&format!("\"{key}\":\"{base}/")).count();
        assert_eq!((all("fullUrl"), all("url")), (2, 1), "{}", page.text);
    }
}
