//! "Exactly one", whatever the spelling, the order and the speed of those who ask.

use super::TestNode;
use crate::{
    bounds::Share,
    engine::Engine,
    interaction::conditional::Criteria,
    session::{Reservation, Session, place},
    writer::{self, Attempt, Plan},
};
use fhir::definitions::ResourceType;
use futures::future::join_all;
use proto::{Code, ResourceKey, TenantId, api::v1::*, log::v1 as log};
use std::{sync::Arc, time::Duration};
use storage::{Applied, Token};

const TENANT: TenantId = TenantId::DEFAULT;

fn patient(identifier: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","active":true,"identifier":[{{"system":"urn:s","value":"{identifier}"}}]}}"#
    )
}

fn observation(patient: &str, identifier: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"c"}},"subject":{{"reference":"Patient/{patient}"}},"identifier":[{{"system":"urn:s","value":"{identifier}"}}]}}"#
    )
}

fn create(body: &str, criteria: &str) -> String {
    let name = body.split('"').nth(3).unwrap();
    format!(
        r#"{{"resource":{body},"request":{{"method":"POST","url":"{name}","ifNoneExist":"{criteria}"}}}}"#
    )
}

fn bundle(entries: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

async fn criteria(session: Session<'_>, name: &str, text: &str) -> Criteria {
    Criteria::read(session, ResourceType::from_name(name).unwrap(), text).await.unwrap()
}

/// As they were told apart, an entry with the one waited for the turn of the other, which its own bundle had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_spellings_in_one_bundle_are_refused_and_wait_for_nobody() {
    let node = TestNode::start().await;
    let spellings = [
        ["active=true&identifier=urn:s|a", "identifier=urn:s|a&active=true"],
        ["identifier=urn:s|a", "identifier=urn:s%7Ca"],
        ["identifier=urn:s|a", "identifier=urn%3As|a&identifier=urn:s|a"],
        ["identifier=urn:s|a", "identifier=urn:s|a&_count=1"],
    ];
    for [one, other] in spellings {
        let twice = bundle(&[create(&patient("a"), one), create(&patient("a"), other)]);
        let answer = tokio::time::timeout(Duration::from_secs(20), node.transaction(&twice, "")).await;
        let error = answer.expect("it waits for itself").unwrap_err();
        assert_eq!(error.code, Code::Invalid, "{one} {other}: {error}");
    }
    assert_eq!(node.count("Patient", "identifier", "urn:s|a").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_spellings_at_once_create_one() {
    let node = Arc::new(TestNode::start().await);
    let spellings = [
        "identifier=urn:s|{}&active=true",
        "active=true&identifier=urn:s|{}",
        "active=true&identifier=urn:s%7C{}",
        "identifier=urn%3As|{}&active=true&active=true",
    ];
    for round in 0..3 {
        let asked = (0..24).map(|number| {
            let node = node.clone();
            let spelling = spellings[number % 4].replace("{}", &format!("a{round}"));
            tokio::spawn(async move {
                match number % 3 {
                    0 => {
                        let entries = [create(&patient(&format!("a{round}")), &spelling)];
                        node.transaction(&bundle(&entries), "").await.map(drop)
                    }
                    _ => node.post(&patient(&format!("a{round}")), &spelling, "").await.map(drop),
                }
            })
        });
        for answer in join_all(asked).await {
            answer.unwrap().unwrap();
        }
        assert_eq!(node.count("Patient", "identifier", &format!("urn:s|a{round}")).await, 1);
    }
}

/// Two bundles that name the same criteria in opposite orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bundles_that_cross_do_not_wait_for_each_other() {
    let node = Arc::new(TestNode::start().await);
    let crossing = |number: usize| {
        let mut entries = vec![
            create(&patient("x"), "identifier=urn:s|x&active=true"),
            create(&patient("y"), "active=true&identifier=urn:s%7Cy"),
        ];
        if number % 2 == 1 {
            entries = vec![
                create(&patient("y"), "identifier=urn:s|y&active=true"),
                create(&patient("x"), "active=true&identifier=urn:s%7Cx"),
            ];
        }
        let node = node.clone();
        tokio::spawn(async move { node.transaction(&bundle(&entries), "").await })
    };
    let all = join_all((0..16).map(crossing));
    for answer in tokio::time::timeout(Duration::from_secs(20), all).await.expect("they wait for each other")
    {
        answer.unwrap().unwrap();
    }
    for name in ["urn:s|x", "urn:s|y"] {
        assert_eq!(node.count("Patient", "identifier", name).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn criteria_that_everything_matches_are_refused() {
    let node = TestNode::start().await;
    node.post(&patient("a"), "", "").await.unwrap();
    for text in ["_count=1", "_format=json", "_summary=true", "&", "_total=none&_pretty=true"] {
        let error = node.post(&patient("b"), text, "").await.unwrap_err();
        assert_eq!(error.code, Code::BadParameter, "{text}: {error}");
        let patch = PatchRequest {
            resource_type: "Patient".into(),
            criteria: text.into(),
            kind: PatchKind::Merge as i32,
            body: r#"{"active":false}"#.into(),
            ..Default::default()
        };
        let error = crate::service::FhirService::patch(&node.node, &node.context, patch).await.unwrap_err();
        assert_eq!(error.code, Code::BadParameter, "{text}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn criteria_that_are_too_long_are_the_callers_fault() {
    let node = TestNode::start().await;
    let asked = |bytes: usize| format!("identifier=urn:s|{}", "x".repeat(bytes));
    let (most, more) = (asked(16_000), asked(17_000));
    let patch = |criteria: &str| PatchRequest {
        resource_type: "Patient".into(),
        criteria: criteria.into(),
        kind: PatchKind::Merge as i32,
        body: r#"{"active":false}"#.into(),
        ..Default::default()
    };
    let patched = |criteria: &str| {
        let (node, request) = (&node, patch(criteria));
        async move { crate::service::FhirService::patch(&node.node, &node.context, request).await }
    };
    let refused = [
        node.post(&patient("a"), &more, "").await.unwrap_err(),
        node.transaction(&bundle(&[create(&patient("a"), &more)]), "").await.unwrap_err(),
        patched(&more).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!((error.code.http(), error.issues[0].code), (400, "too-long"), "{error}");
        assert!(error.diagnostics().contains("16384"), "{error}");
    }
    assert_eq!(node.post(&patient("a"), &most, "").await.unwrap().outcome(), Outcome::Created);
    assert_eq!(patched(&most).await.unwrap_err().code, Code::NotFound);
}

/// Holds the criteria, stops for so long that the reservation expires and another node takes them, and goes on.
struct Paused {
    reservation: Reservation,
}

impl Paused {
    async fn overtaken(test: &TestNode, criteria: &Criteria) -> Paused {
        let node = &test.node.engine;
        let reservation = criteria.reserve(test.session()).await.unwrap();
        let hold = reservation.hold();
        let other = Token { node: 99, incarnation: 1, number: 1 }.to_bytes();
        let reserve = log::Reserve {
            criteria: hold.release.criteria.clone(),
            holder: other.to_vec().into(),
            expires_ms: u64::MAX / 2,
        };
        // The partition's time follows the other node's clock, which is a minute later: the hold is over.
        let time_ms = node.clock.now_ms() + 60_000;
        let kind = Some(log::command::Kind::Reserve(reserve));
        let command = log::Command { time_ms, tenant: TENANT.0, kind };
        let taken = node.partition(hold.partition).unwrap().propose(command).await.unwrap();
        assert_eq!(taken, Applied::Done);
        Paused { reservation }
    }
}

fn new_resource(session: Session<'_>, body: &str, criteria: &Criteria) -> writer::Step {
    let parsed = session.parse(body.to_owned().into()).unwrap();
    let slot = place::slot_for(TENANT, &parsed, criteria.slot());
    let draft = session.draft(&parsed).unwrap();
    place::create_step(TENANT, &parsed, session.assign(slot), draft)
}

fn is_there(node: &Engine, key: &ResourceKey) -> bool {
    node.at(key.compartment.slot).unwrap().rows_here().unwrap().get(TENANT, key).unwrap().is_some()
}

/// Wherever the write goes: to the criteria's own partition, to a patient's, to several.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_was_overtaken_writes_nothing() {
    let test = TestNode::start().await;
    let node = &test.node.engine;
    let cases: [(&str, Vec<String>); 3] = [
        ("Patient", vec![patient("a")]),
        ("Observation", vec![observation("elsewhere", "a")]),
        ("Observation", vec![observation("left", "a"), observation("right-of-another-partition", "b")]),
    ];
    for (number, (name, bodies)) in cases.into_iter().enumerate() {
        let criteria = criteria(test.session(), name, &format!("identifier=urn:s|case{number}")).await;
        let paused = Paused::overtaken(&test, &criteria).await;
        let steps: Vec<_> = bodies.iter().map(|body| new_resource(test.session(), body, &criteria)).collect();
        let keys: Vec<ResourceKey> = steps.iter().map(|step| step.op.key).collect();
        let holds = vec![paused.reservation.hold()];
        let plan = Plan { tenant: TENANT, steps, dedup: None, share: Share::default(), holds };
        let attempt = writer::attempt(node, plan).await.unwrap();
        assert!(matches!(attempt, Attempt::Lost), "case {number}: {attempt:?}");
        assert!(keys.iter().all(|key| !is_there(node, key)), "case {number}: it wrote");
    }
}

/// The same writes with what they rest on: committed, and given back, so that the next one finds the criteria free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_gives_back_what_it_rests_on() {
    let node = TestNode::start().await;
    for (number, body) in [patient("a"), observation("elsewhere", "a")].into_iter().enumerate() {
        let text = format!("identifier=urn:s|none{number}");
        for _ in 0..3 {
            let created = node.post(&body, &text, "").await.unwrap();
            assert_eq!(created.outcome(), Outcome::Created);
        }
    }
    let entries =
        [create(&patient("b"), "identifier=urn:s|n1"), create(&observation("q", "b"), "identifier=urn:s|n2")];
    for _ in 0..3 {
        node.transaction(&bundle(&entries), "").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_transaction_gets_its_first_answers_though_the_searches_find_more_now() {
    let node = TestNode::start().await;
    node.post(&patient("old"), "", "").await.unwrap();
    let entries = [
        create(&patient("new"), "identifier=urn:s|new"),
        create(&patient("old"), "identifier=urn:s|old"),
        r#"{"request":{"method":"GET","url":"Patient?identifier=urn:s|new"}}"#.to_owned(),
        create(&observation("q", "o"), "identifier=urn:s|o"),
    ];
    let of = |answer: &serde_json::Value, number: usize| {
        let response = &answer["entry"][number]["response"];
        (response["status"].clone(), response["location"].clone())
    };
    let first = node.transaction(&bundle(&entries), "key").await.unwrap();
    assert_eq!(of(&first, 0).0, "201 Created");
    assert_eq!(of(&first, 1).0, "200 OK");
    assert_eq!(of(&first, 3).0, "201 Created");
    let again = node.transaction(&bundle(&entries), "key").await.unwrap();
    for number in [0, 1, 3] {
        assert_eq!(of(&again, number), of(&first, number), "entry {number}");
    }
    assert_eq!(node.count("Patient", "identifier", "urn:s|new").await, 1);
}
