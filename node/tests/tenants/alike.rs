//! Two tenants of one server ask it at the same time whatever they like; each is answered as it is on a server of its own.

use super::{
    SOON,
    asked::{Asked, any},
    create, node, of_tenant,
    plain::{Given, in_any_order, plain},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use std::time::{Duration, Instant};
use testkit::probe::{Answer, Probe};

/// Of each tenant.
const REQUESTS: usize = 400;

/// A server, or a tenant of one, as its callers see it.
struct Side {
    probe: Probe,
    /// Below which its links stand.
    bases: Vec<String>,
    /// Goes with every other request, in place of the path.
    by_header: Option<(Probe, String)>,
    given: Given,
}

impl Side {
    async fn ask(&mut self, asked: &Asked, number: usize) -> Answer {
        let asked = asked.at(&self.given);
        let mut headers: Vec<(&str, &str)> =
            asked.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let probe = match &self.by_header {
            Some((probe, name)) if number.is_multiple_of(2) => {
                headers.push(("x-salamander-tenant", name));
                probe
            }
            _ => &self.probe,
        };
        if !asked.body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            headers.push(("content-type", "application/fhir+json"));
        }
        loop {
            let answer = probe.call(asked.method, &asked.path, &headers, asked.body.clone()).await.unwrap();
            // How far a new search parameter is, is a matter of time.
            if answer.status != 409 || asked.method != "GET" {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Until all search parameters serve: another one under the same URL does from some moment on.
    async fn settle(&self) {
        let began = Instant::now();
        loop {
            let status = self.probe.get("$reindex-status").await.unwrap();
            let is_through = |part: &Value| part["name"] != "status" || part["valueCode"] == "complete";
            if status.body["parameter"].as_array().is_some_and(|parts| parts.iter().all(is_through)) {
                return;
            }
            assert!(began.elapsed() < SOON, "{}", status.text);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The answer, and all pages behind it as one.
    async fn whole(&mut self, asked: &Asked, number: usize) -> (u16, Option<u64>, Value) {
        let first = self.ask(asked, number).await;
        if asked.method != "GET" {
            self.given.learn(&first.text);
        }
        let mut body = first.body;
        let mut next = next_of(&body);
        while let Some(path) = next.filter(|_| asked.pages) {
            let path = self.bases.iter().find_map(|base| path.strip_prefix(base.as_str())).unwrap_or(&path);
            let page = Asked {
                path: path.trim_start_matches('/').to_owned(),
                method: "GET",
                body: String::new(),
                headers: vec![],
                ..asked.clone()
            };
            let page = self.ask(&page, number).await;
            assert_eq!(page.status, 200, "{}", page.text);
            next = next_of(&page.body);
            let more = page.body["entry"].as_array().cloned().unwrap_or_default();
            if let Some(entries) = body["entry"].as_array_mut() {
                entries.extend(more);
            }
        }
        if asked.pages && body["resourceType"] == "Bundle" {
            // Two servers have other entries on each page.
            body.as_object_mut().unwrap().remove("link");
        }
        if asked.path.starts_with("SearchParameter") && asked.method == "PUT" {
            self.settle().await;
        }
        let mut body = plain(&body, &self.bases, &self.given);
        // What an instance was goes back from the newest.
        if asked.pages && !asked.path.contains("/_history?_count=2") {
            in_any_order(&mut body);
        }
        (first.status, first.version, body)
    }
}

fn next_of(body: &Value) -> Option<String> {
    let link = body["link"].as_array()?.iter().find(|link| link["relation"] == "next")?;
    Some(link["url"].as_str()?.to_owned())
}

/// What one tenant asks, and its server of its own.
async fn ask_all(of: &'static str, seed: u64, mut shared: Side, mut alone: Side) {
    let mut random = StdRng::seed_from_u64(seed);
    let other = if of == "a" { "o-b" } else { "o-a" };
    for number in 0..REQUESTS {
        let asked = any(of, &mut random);
        let (found, expected) = tokio::join!(shared.whole(&asked, number), alone.whole(&asked, number));
        let told = || format!("seed {seed}, request {number} of {of}: {asked:?}");
        assert_eq!(found.0, expected.0, "{}: {:#} and {:#}", told(), found.2, expected.2);
        assert_eq!(found, expected, "{}", told());
        assert!(found.0 < 500, "{}: {:#}", told(), found.2);
        assert!(!found.2.to_string().contains(other), "{}: {:#}", told(), found.2);
    }
    eprintln!("tenant {of}: {REQUESTS} requests, the last id {:?}", shared.given.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_tenants_is_answered_as_by_a_server_of_its_own() {
    let seed: u64 =
        std::env::var("TENANTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("seed {seed}, as TENANTS_SEED again");
    // The entries of a batch come to what they come to, in whatever order.
    let node = || node().set("limits.batch_concurrency", 1);
    let shared = node().begin().unwrap();
    let mut tasks = vec![];
    let mut servers = vec![];
    for (number, name) in ["a", "b"].into_iter().enumerate() {
        create(&shared, name).await;
        let own = node().begin().unwrap();
        let path = format!("{}/t/{name}/fhir", shared.rest.trim_end_matches("/fhir"));
        let of_shared = Side {
            probe: of_tenant(&shared, name),
            bases: vec![path, shared.rest.clone()],
            by_header: Some((Probe::new(&shared.rest, &shared.grpc).unwrap(), name.to_owned())),
            given: Given::default(),
        };
        let alone = Side {
            probe: Probe::new(&own.rest, &own.grpc).unwrap(),
            bases: vec![own.rest.clone()],
            by_header: None,
            given: Given::default(),
        };
        servers.push(own);
        tasks.push(tokio::spawn(ask_all(name, seed.wrapping_add(number as u64), of_shared, alone)));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // The default tenant was there all the time, and nothing of it.
    let default = Probe::new(&shared.rest, &shared.grpc).unwrap();
    let history = default.get("_history").await.unwrap();
    assert_eq!((history.status, &history.body["entry"]), (200, &Value::Null), "{}", history.text);
    assert_eq!(default.total("Patient").await.unwrap(), 0);
}

/// A cursor is of the search that it came with, and of its tenant.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_tenant_is_none() {
    let mut random = StdRng::seed_from_u64(7);
    let node = node().begin().unwrap();
    let mut sides = vec![];
    for name in ["a", "b"] {
        create(&node, name).await;
        let probe = of_tenant(&node, name);
        for number in 0..10 {
            let id = format!("{name}{}{number}", random.random_range(0..1000));
            let body = format!(r#"{{"resourceType":"Patient","id":"{id}","gender":"male"}}"#);
            assert_eq!(probe.put(&format!("Patient/{id}"), body).await.unwrap().status, 201);
        }
        sides.push(probe);
    }
    for path in ["Patient?gender=male&_count=3", "Patient?_count=3&_sort=_id"] {
        let first = sides[0].get(path).await.unwrap();
        let next = next_of(&first.body).unwrap();
        let query = next.split_once("/fhir/").unwrap().1;
        assert_eq!(sides[0].get(query).await.unwrap().status, 200);
        let stolen = sides[1].get(query).await.unwrap();
        assert_eq!(stolen.status, 400, "{}", stolen.text);
    }
    let first = sides[0].get("Patient/_history?_count=3").await.unwrap();
    let next = next_of(&first.body).unwrap();
    let stolen = sides[1].get(next.split_once("/fhir/").unwrap().1).await.unwrap();
    assert!(!stolen.text.contains("Patient/a"), "{}", stolen.text);
}
