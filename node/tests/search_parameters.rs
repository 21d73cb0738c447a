//! Search parameters that are not FHIR's own, on the real binary: never a wrong answer while their values are made, and afterwards
//! those of a fresh write.

use client::api;
use proto::Code;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use testkit::{node::NodeProcess, outside, probe::Probe};

/// Of what should take a second or two.
const SOON: Duration = Duration::from_secs(60);

fn start(options: &[(&str, &str)]) -> (NodeProcess, Probe) {
    let mut node = NodeProcess::new(env!("CARGO_BIN_EXE_salamander")).unwrap();
    for (name, value) in options {
        node = node.set(name, value);
    }
    let node = node.begin().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

fn parameter(id: &str, code: &str, base: &[&str], kind: &str, expression: &str) -> Value {
    let mut resource = json!({
        "resourceType": "SearchParameter", "id": id, "url": format!("http://example.org/{id}"), "name": id,
        "status": "active", "description": id, "code": code, "base": base, "type": kind, "expression": expression,
    });
    if kind == "reference" {
        resource["target"] = json!(["Organization", "Patient"]);
    }
    resource
}

async fn put(probe: &Probe, resource: &Value) {
    let place =
        format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
    let answer = probe.put(&place, resource.to_string()).await.unwrap();
    assert!(matches!(answer.status, 200 | 201), "{answer:?}");
}

/// How many resources a search finds; `None`: its parameter is not searchable yet.
async fn total(probe: &Probe, search: &str) -> Option<u64> {
    let and = if search.contains('?') { '&' } else { '?' };
    let path = format!("{search}{and}_summary=count");
    let answer = probe.call("GET", &path, &[("Prefer", "handling=strict")], "").await.unwrap();
    match answer.status {
        200 => answer.body["total"].as_u64(),
        409 => {
            assert!(
                answer.text.contains("not yet searchable") || answer.text.contains("defined anew"),
                "{answer:?}"
            );
            None
        }
        _ => panic!("{search}: {answer:?}"),
    }
}

/// The same, once it is.
async fn searchable(probe: &Probe, search: &str) -> u64 {
    let began = Instant::now();
    loop {
        match total(probe, search).await {
            Some(total) => return total,
            None => assert!(began.elapsed() < SOON, "{search}: {:?}", probe.get("$reindex-status").await),
        }
    }
}

/// Everything of it follows from the number.
fn patient(number: usize) -> Value {
    json!({
        "resourceType": "Patient", "id": format!("p{number}"),
        "gender": if number.is_multiple_of(2) { "male" } else { "female" },
        "multipleBirthInteger": number % 5,
        "maritalStatus": {"coding": [{"system": "urn:m", "code": format!("m{}", number % 3)}]},
        "contact": [{"gender": "male", "organization": {"reference": format!("Organization/o{}", number % 4)},
            "period": {"start": format!("20{:02}-05-01", number % 20), "end": format!("20{:02}-05-01", number % 20)}, "name": {"family": format!("Ñame{}", number % 6)}}],
        "photo": [{"url": format!("http://example.org/{}", number % 7)}],
    })
}

/// Code, kind, expression, and a search that finds those whose number leaves that rest.
const DEFINED: &[(&str, &str, &str, &str, usize, usize)] = &[
    ("nth-birth", "number", "(Patient.multipleBirth as integer)", "3", 5, 3),
    ("status-code", "token", "Patient.maritalStatus", "urn:m|m1", 3, 1),
    ("contact-org", "reference", "Patient.contact.organization", "Organization/o2", 4, 2),
    ("contact-since", "date", "Patient.contact.period", "2007-05-01", 20, 7),
    ("contact-name", "string", "Patient.contact.name.family", "name4", 6, 4),
    ("photo-url", "uri", "Patient.photo.url", "http://example.org/5", 7, 5),
    // Left to FHIRPath's evaluator.
    ("is-third", "token", "Patient.multipleBirth = 3", "true", 5, 3),
];
const PATIENTS: usize = 120;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_is_found_as_what_is_written_after() {
    let (_node, probe) = start(&[]);
    for number in 0..PATIENTS / 2 {
        put(&probe, &patient(number)).await;
    }
    for (code, kind, expression, ..) in DEFINED {
        put(&probe, &parameter(&format!("sp-{code}"), code, &["Patient"], kind, expression)).await;
    }
    for number in PATIENTS / 2..PATIENTS {
        put(&probe, &patient(number)).await;
    }
    for (code, _, _, value, modulus, rest) in DEFINED {
        let expected = (0..PATIENTS).filter(|number| number % modulus == *rest).count() as u64;
        let search = format!("Patient?{code}={}", value.replace('|', "%7C"));
        assert_eq!(searchable(&probe, &search).await, expected, "{search}");
        // The other half of the answer, and the one that is asked of index values alone.
        assert_eq!(total(&probe, &format!("Patient?{code}:missing=true")).await, Some(0), "{search}");
        let versions = probe.get("Patient/p1/_history").await.unwrap().body;
        assert_eq!(versions["entry"].as_array().unwrap().len(), 1, "no version is made");
    }
    let sorted = probe.get("Patient?_sort=-nth-birth&_count=1").await.unwrap().body;
    assert_eq!(sorted["entry"][0]["resource"]["multipleBirthInteger"], 4);
    let of_org = (0..PATIENTS).filter(|number| number % 4 == 2).count() as u64;
    for number in 0..4 {
        let body = json!({"resourceType": "Organization", "id": format!("o{number}"), "name": format!("org{number}")});
        put(&probe, &body).await;
    }
    assert_eq!(total(&probe, "Patient?contact-org.name=org2").await, Some(of_org));
    assert_eq!(total(&probe, "Organization?_has:Patient:contact-org:nth-birth=3").await, Some(4));
    let included = probe.get("Patient?_id=p2&_include=Patient:contact-org").await.unwrap().body;
    assert_eq!(included["entry"][1]["resource"]["id"], "o2", "{included}");
    let back = probe.get("Organization?_id=o2&_revinclude=Patient:contact-org&_count=1").await.unwrap().body;
    assert_eq!(back["entry"].as_array().unwrap().len() as u64, 1 + of_org);
    let statement = probe.get("metadata").await.unwrap().body;
    let types = statement["rest"][0]["resource"].as_array().unwrap();
    let of_patients = types.iter().find(|one| one["type"] == "Patient").unwrap();
    let listed = of_patients["searchParam"].as_array().unwrap();
    let is_listed = |(code, kind, ..): &(&str, &str, &str, &str, usize, usize)| {
        let definition = format!("http://example.org/sp-{code}");
        listed
            .iter()
            .any(|one| one["name"] == *code && one["type"] == *kind && one["definition"] == *definition)
    };
    assert!(DEFINED.iter().all(is_listed), "{listed:#?}");
    // All again, by hand: nothing changes.
    assert_eq!(probe.call("POST", "$reindex", &[], "").await.unwrap().status, 200);
    for (code, _, _, value, modulus, rest) in DEFINED {
        let expected = (0..PATIENTS).filter(|number| number % modulus == *rest).count() as u64;
        let search = format!("Patient?{code}={}", value.replace('|', "%7C"));
        assert_eq!(total(&probe, &search).await, Some(expected), "{search}: a walk once more hides nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_walk_loses_nothing() {
    let (mut node, probe) = start(&[]);
    const MANY: usize = 1500;
    for some in 0..MANY / 100 {
        let entries: Vec<Value> = (some * 100..(some + 1) * 100)
            .map(|n| json!({"resource": patient(n), "request": {"method": "PUT", "url": format!("Patient/p{n}")}}))
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        assert_eq!(probe.call("POST", "", &[], bundle.to_string()).await.unwrap().status, 200);
    }
    put(&probe, &parameter("sp", "nth-birth", &["Patient"], "number", "(Patient.multipleBirth as integer)"))
        .await;
    let mut probe = probe;
    for _ in 0..3 {
        assert!(matches!(total(&probe, "Patient?nth-birth=3").await, None | Some(300)));
        node.kill9().unwrap();
        node.restart().unwrap();
        probe = Probe::new(&node.rest, &node.grpc).unwrap();
    }
    assert_eq!(searchable(&probe, "Patient?nth-birth=3").await, 300);
    assert!(node.terminate().unwrap().success());
    node.restart().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    assert_eq!(searchable(&probe, "Patient?nth-birth=3").await, 300);
}

/// Reads until told to stop; every answer is of the old definition or, from some moment on, of the new one.
async fn read(probe: Probe, stop: Arc<AtomicBool>, [old, new]: [u64; 2]) -> bool {
    let mut is_new = false;
    while !stop.load(Ordering::Relaxed) {
        match total(&probe, "Patient?g=male").await {
            None => {}
            Some(total) if total == new => is_new = true,
            Some(total) => assert!(total == old && !is_new, "{total}, after the new one: {is_new}"),
        }
    }
    is_new
}

/// Writes what changes no answer.
async fn write(probe: Probe, stop: Arc<AtomicBool>) -> usize {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut body = patient(number % PATIENTS);
        body["active"] = json!(number % 3 == 0);
        put(&probe, &body).await;
        number += 1;
    }
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_is_replaced_answers_until_the_new_one_does() {
    let (_node, probe) = start(&[]);
    for number in 0..PATIENTS {
        put(&probe, &patient(number)).await;
    }
    let (half, all) = (PATIENTS as u64 / 2, PATIENTS as u64);
    put(&probe, &parameter("g", "g", &["Patient"], "token", "Patient.gender")).await;
    assert_eq!(searchable(&probe, "Patient?g=male").await, half);
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> =
        (0..2).map(|_| tokio::spawn(read(probe.clone(), stop.clone(), [half, all]))).collect();
    let writer = tokio::spawn(write(probe.clone(), stop.clone()));
    put(&probe, &parameter("g", "g", &["Patient"], "token", "Patient.contact.gender")).await;
    let began = Instant::now();
    while total(&probe, "Patient?g=male").await != Some(all) {
        assert!(began.elapsed() < SOON);
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert!(writer.await.unwrap() > 0);
    // It ends at once, and another one of the same code begins anew.
    assert_eq!(probe.call("DELETE", "SearchParameter/g", &[], "").await.unwrap().status, 204);
    let strict = probe.call("GET", "Patient?g=male", &[("Prefer", "handling=strict")], "").await.unwrap();
    assert_eq!(strict.status, 400, "{strict:?}");
    put(&probe, &parameter("g", "g", &["Patient"], "token", "Patient.gender")).await;
    let lenient = probe.call("GET", "Patient?g=male", &[("Prefer", "handling=lenient")], "").await.unwrap();
    assert!(lenient.status == 409 || lenient.body["total"].as_u64() == Some(half), "{lenient:?}");
    assert_eq!(searchable(&probe, "Patient?g=male").await, half);
    let mut retired = parameter("g", "g", &["Patient"], "token", "Patient.gender");
    retired["status"] = json!("retired");
    put(&probe, &retired).await;
    let strict = probe.call("GET", "Patient?g=male", &[("Prefer", "handling=strict")], "").await.unwrap();
    assert_eq!(strict.status, 400, "{strict:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_under_way_get_the_new_values() {
    let (_node, probe) = start(&[]);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (probe, stop) = (probe.clone(), stop.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    let entry = |number: usize| {
                        let mut resource = patient(number);
                        resource["id"] = json!(format!("w{writer}n{number}"));
                        let url = format!("Patient/w{writer}n{number}");
                        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
                    };
                    let entries: Vec<Value> = (written..written + 5).map(entry).collect();
                    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
                    let answer = probe.call("POST", "", &[], bundle.to_string()).await.unwrap();
                    assert_eq!(answer.status, 200, "{answer:?}");
                    written += 5;
                }
                written
            })
        })
        .collect();
    for round in 0..4 {
        let code = format!("birth{round}");
        put(&probe, &parameter(&code, &code, &["Patient"], "number", "(Patient.multipleBirth as integer)"))
            .await;
        searchable(&probe, &format!("Patient?{code}=3")).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut expected = 0;
    for writer in writers {
        expected += writer.await.unwrap() as u64 / 5;
    }
    for round in 0..4 {
        assert_eq!(total(&probe, &format!("Patient?birth{round}=3")).await, Some(expected));
        assert_eq!(total(&probe, &format!("Patient?birth{round}:missing=true")).await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_wires_say_that_it_is_to_be_asked_again() {
    let (_node, probe) = start(&[]);
    for number in 0..20 {
        put(&probe, &patient(number)).await;
    }
    put(&probe, &parameter("g", "g", &["Patient"], "token", "Patient.gender")).await;
    let request = api::SearchRequest {
        resource_type: "Patient".into(),
        parameters: vec![api::SearchParameter { name: "g".into(), value: "male".into() }],
        ..Default::default()
    };
    let began = Instant::now();
    loop {
        match probe.grpc.search(request.clone()).await {
            Ok(found) => {
                assert_eq!(found.entries.len(), 10);
                break;
            }
            Err(error) => assert_eq!(error.code(), Some(Code::Conflict), "{error:?}"),
        }
        assert!(began.elapsed() < SOON);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_brings_parameters() {
    let Some(path) = outside::shared("packages/hl7.fhir.us.core-6.1.0.tgz") else { return };
    let path = path.display().to_string();
    let (mut node, probe) = start(&[("conformance.packages", &path)]);
    let race = |code: &str| {
        json!({"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "extension": [
            {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}}]})
    };
    for (id, code) in [("a", "2106-3"), ("b", "2028-9"), ("c", "2106-3")] {
        put(&probe, &json!({"resourceType": "Patient", "id": id, "extension": [race(code)]})).await;
    }
    let began = Instant::now();
    loop {
        let answer = probe.get("Patient?race=2106-3&_summary=count").await.unwrap();
        if answer.status == 200 && answer.body["total"] == 2 {
            break;
        }
        assert!(began.elapsed() < SOON, "{answer:?}");
    }
    let status = probe.get("$reindex-status").await.unwrap().body;
    let named =
        status["parameter"].as_array().unwrap().iter().filter(|one| one["name"] == "parameter").count();
    assert!(named > 5, "{status:#}");
    // Without the package they end.
    assert!(node.terminate().unwrap().success());
    node.change("conformance.packages", "");
    node.restart().unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    let began = Instant::now();
    while probe.call("GET", "Patient?race=2106-3", &[("Prefer", "handling=strict")], "").await.unwrap().status
        != 400
    {
        assert!(began.elapsed() < SOON);
    }
}
