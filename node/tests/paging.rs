//! Links to other pages, followed to their end as a client does.

use client::api;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use testkit::{node::NodeProcess, probe::Probe};
use tokio::sync::Semaphore;

fn start() -> (NodeProcess, Probe) {
    let node = NodeProcess::start(env!("CARGO_BIN_EXE_salamander")).unwrap();
    let probe = Probe::new(&node.rest, &node.grpc).unwrap();
    (node, probe)
}

/// xorshift; the seed is in every message.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// The path of the link below the base.
fn next(probe_base: &str, page: &Value) -> Option<String> {
    link(probe_base, page, "next")
}

fn link(probe_base: &str, page: &Value, relation: &str) -> Option<String> {
    let links = page["link"].as_array()?;
    let next = links.iter().find(|link| link["relation"] == relation)?;
    Some(next["url"].as_str().unwrap().strip_prefix(probe_base).unwrap().trim_start_matches('/').to_owned())
}

fn matches(page: &Value) -> Vec<String> {
    let entries = page["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = entries.iter().filter(|entry| entry["search"]["mode"] == "match");
    found.map(|entry| entry["fullUrl"].as_str().unwrap().to_owned()).collect()
}

/// A query of known and unknown parameters, percent-encoded, without `_count`.
fn query(random: &mut Random) -> String {
    const PARTS: [&str; 22] = [
        "foo=1",
        "foo=a%26b%3Dc+d",
        "b%C3%A4r=%E6%97%A5",
        "_sort=name",
        "_include=Patient:organization",
        "gender=male",
        "gender=male,female",
        "gender:not=female",
        "name=a",
        "name:contains=%26",
        "name:exact=A%20%26%20B%2B",
        "birthdate=ge1950",
        "birthdate=ap1970",
        "family:missing=false",
        "_lastUpdated=gt2020-01-01",
        "_elements=name",
        "_summary=true",
        "_total=accurate",
        "_format=json",
        "_pretty=true",
        "identifier=urn:s%7C",
        "flag",
    ];
    let parts: Vec<&str> = (0..random.below(5)).map(|_| random.one(&PARTS)).collect();
    parts.join("&")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_of_every_accepted_query_lead_to_each_match_once() {
    let (node, probe) = start();
    for number in 0..23 {
        let (gender, name) = (["male", "female"][number % 2], ["Ann", "A & B+", "Berta"][number % 3]);
        let body = format!(
            r#"{{"resourceType":"Patient","id":"p{number}","gender":"{gender}","birthDate":"19{}","identifier":[{{"system":"urn:s","value":"v{number}"}}],"name":[{{"family":"{name}"}}]}}"#,
            40 + number * 2
        );
        assert_eq!(probe.put(&format!("Patient/p{number}"), body).await.unwrap().status, 201);
    }
    let seed = 0x5eed_0001 ^ u64::from(std::process::id());
    let mut random = Random(seed);
    let (mut accepted, mut paged) = (0, 0);
    for _ in 0..150 {
        let (mut query, count) = (query(&mut random), 1 + random.below(7));
        let (path, form_path) = match random.below(3) {
            0 => ("", "_search"),
            _ => ("Patient", "Patient/_search"),
        };
        if path.is_empty() {
            query = format!("_type=Patient&{query}");
        }
        let what = format!("seed {seed}: {path}?{query} by {count}");
        let strict = random.below(4) == 0;
        let headers = [("prefer", if strict { "handling=strict" } else { "handling=lenient" })];
        let form = [headers[0], ("content-type", "application/x-www-form-urlencoded")];
        let all = probe.call("GET", &format!("{path}?{query}&_count=1000"), &headers, "").await.unwrap();
        if all.status != 200 {
            assert!(all.is_outcome() && !all.diagnostics().is_empty(), "{what}: {all:?}");
            continue;
        }
        accepted += 1;
        let mut page = match random.below(2) {
            0 => probe.call("GET", &format!("{path}?{query}&_count={count}"), &headers, "").await.unwrap(),
            _ => probe.call("POST", form_path, &form, format!("{query}&_count={count}")).await.unwrap(),
        };
        let mut found = vec![];
        loop {
            assert_eq!(page.status, 200, "{what}: {page:?}");
            found.extend(matches(&page.body));
            let Some(link) = next(&node.rest, &page.body) else { break };
            paged += 1;
            // What was ignored is in no link, so they hold under either handling.
            page = probe.call("GET", &link, &[("prefer", "handling=strict")], "").await.unwrap();
        }
        let mut back = matches(&page.body);
        while let Some(link) = link(&node.rest, &page.body, "previous") {
            page = probe.call("GET", &link, &[("prefer", "handling=strict")], "").await.unwrap();
            assert_eq!(page.status, 200, "{what}: {page:?}");
            back.splice(0..0, matches(&page.body));
        }
        assert_eq!(back, found, "{what}, and back");
        if let Some(first) = link(&node.rest, &page.body, "first") {
            let first = probe.call("GET", &first, &[], "").await.unwrap();
            assert!(
                found.starts_with(&matches(&first.body)) && matches(&first.body).len() == count,
                "{what}"
            );
        }
        let wanted: BTreeSet<String> = matches(&all.body).into_iter().collect();
        assert_eq!(found.len(), wanted.len(), "{what}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted, "{what}");
    }
    assert!(accepted > 50 && paged > 100, "seed {seed}: {accepted} accepted, {paged} links");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_fits_no_link_is_told_before_a_page_is_missed() {
    let (_node, probe) = start();
    for id in ["a", "b"] {
        let body = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        assert_eq!(probe.put(&format!("Patient/{id}"), body).await.unwrap().status, 201);
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let long = "x".repeat(30_000);
    let criteria = format!("_id=a,b&identifier:not={long}&gender:not={long}");
    let ask = |count: u8| probe.call("POST", "Patient/_search", &form, format!("{criteria}&_count={count}"));
    let whole = ask(2).await.unwrap();
    assert_eq!((whole.status, matches(&whole.body).len()), (200, 2));
    let cut = ask(1).await.unwrap();
    assert!(cut.status == 422 && cut.diagnostics().contains("_count"), "{cut:?}");
}

type Row = (u64, String, String, u64);

fn rows(page: &api::HistoryResponse) -> Vec<Row> {
    let row = |entry: &api::HistoryEntry| {
        let version = entry.version_id.parse().unwrap();
        (entry.last_updated_ms, entry.resource_type.clone(), entry.id.clone(), version)
    };
    page.entries.iter().map(row).collect()
}

async fn pages(probe: &Probe, resource_type: &str, count: u32, since_ms: u64) -> Vec<Row> {
    pages_and(probe, resource_type, count, since_ms, |_| {}).await
}

/// As [`pages`]; before each page something is done that is told its number.
async fn pages_and(
    probe: &Probe,
    resource_type: &str,
    count: u32,
    since_ms: u64,
    before: impl Fn(usize),
) -> Vec<Row> {
    let mut request = api::HistoryRequest {
        resource_type: resource_type.to_owned(),
        count,
        since_ms,
        ..Default::default()
    };
    let mut all = vec![];
    for number in 0.. {
        before(number);
        let page = probe.grpc.history(request.clone()).await.unwrap();
        assert!(page.entries.len() <= count as usize);
        all.extend(rows(&page));
        if page.next_cursor.is_empty() {
            break;
        }
        request.cursor = page.next_cursor;
    }
    all
}

async fn rest_pages(node: &NodeProcess, probe: &Probe, path: &str) -> Vec<(String, u64)> {
    let (mut all, mut path) = (vec![], path.to_owned());
    loop {
        let page = probe.get(&path).await.unwrap();
        assert_eq!(page.status, 200, "{path}: {page:?}");
        for entry in page.body["entry"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let (_, name) = entry["fullUrl"].as_str().unwrap().split_once("/fhir/").unwrap();
            let etag = entry["response"]["etag"].as_str().unwrap();
            all.push((name.to_owned(), etag.trim_start_matches("W/").trim_matches('"').parse().unwrap()));
        }
        match next(&node.rest, &page.body) {
            Some(link) => path = link,
            None => return all,
        }
    }
}

fn patient(id: &str, turn: u64) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"text":"{turn}"}}]}}"#)
}

fn observation(id: &str, of: &str, turn: u64) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"{turn}"}},"subject":{{"reference":"Patient/{of}"}}}}"#
    )
}

fn transaction(bodies: &[(String, String)]) -> String {
    let entry = |(path, body): &(String, String)| {
        format!(r#"{{"resource":{body},"request":{{"method":"PUT","url":"{path}"}}}}"#)
    };
    let entries: Vec<String> = bodies.iter().map(entry).collect();
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

/// How many turns writers may begin, and how many they began.
struct Turns {
    allowed: Semaphore,
    begun: AtomicU64,
}

/// Patients written two at a time, one turn to a transaction, and observations that go from patient to patient.
async fn write(probe: Probe, writer: usize, turns: Arc<Turns>) {
    while let Ok(allowed) = turns.allowed.acquire().await {
        allowed.forget();
        let turn = turns.begun.fetch_add(1, Ordering::Relaxed);
        let pair = |number: usize| {
            let id = format!("pair{writer}-{number}");
            (format!("Patient/{id}"), patient(&id, turn))
        };
        let body = transaction(&[pair(0), pair(1)]);
        probe.call("POST", "", &[("content-type", "application/json")], body).await.unwrap();
        let body = observation(&format!("o{writer}"), &format!("pair{writer}-{}", turn % 2), turn);
        probe.put(&format!("Observation/o{writer}"), body).await.unwrap();
    }
}

/// Newest first, each version once, no version of a resource left out below one that is there, and no half of a
/// transaction: the two of a pair are always at the same version.
fn check_page_set(rows: &[Row], what: &str) {
    assert!(rows.windows(2).all(|two| two[0] > two[1]), "{what}: not newest first");
    let mut newest = std::collections::BTreeMap::new();
    let mut counts = std::collections::BTreeMap::new();
    for (_, _, id, version) in rows {
        newest.entry(id.as_str()).or_insert(*version);
        *counts.entry(id.as_str()).or_insert(0) += 1;
    }
    assert_eq!(newest, counts, "{what}: versions are missing");
    for (id, version) in newest.iter().filter(|(id, _)| id.ends_with("-0")) {
        let other = format!("{}-1", id.trim_end_matches("-0"));
        assert_eq!(newest.get(other.as_str()), Some(version), "{what}: half of a transaction of {id}");
    }
}

const WRITERS: usize = 6;
/// In a round, each of a turn of each writer.
const BURSTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn histories_are_whole_while_resources_are_written_and_move() {
    let (node, probe) = start();
    // A history that grows as fast as the machine writes would take pages by ones for ever: each round grows it by so much.
    let turns = Arc::new(Turns { allowed: Semaphore::new(WRITERS * 10), begun: AtomicU64::new(0) });
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(write(probe.clone(), writer, turns.clone()))).collect();
    let mut acknowledged: BTreeSet<Row> = BTreeSet::new();
    for round in 0_usize.. {
        // As many as that, and until there is enough to read, on however slow a machine.
        if round >= 24 && turns.begun.load(Ordering::Relaxed) >= WRITERS as u64 * 10 {
            break;
        }
        let resource_type = ["Patient", "Observation", ""][round % 3];
        let count = [1, 2, 7, 40][round % 4];
        // Spread over the round's pages.
        let every = 1 + acknowledged.len() / count as usize / BURSTS;
        let burst = |page: usize| {
            if page.is_multiple_of(every) && page / every < BURSTS {
                turns.allowed.add_permits(WRITERS);
            }
        };
        let read = pages_and(&probe, resource_type, count, 0, burst).await;
        check_page_set(&read, &format!("round {round}, {resource_type} by {count}"));
        let is_of_type = |row: &&Row| resource_type.is_empty() || row.1 == resource_type;
        let lost: Vec<_> = acknowledged.iter().filter(is_of_type).filter(|row| !read.contains(row)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} were read before");
        acknowledged.extend(read);
    }
    turns.allowed.close();
    for writer in writers {
        writer.await.unwrap();
    }
    at_rest(&node, &probe).await;
}

async fn at_rest(node: &NodeProcess, probe: &Probe) {
    let whole = pages(probe, "", 1000, 0).await;
    check_page_set(&whole, "at rest");
    assert!(whole.iter().any(|row| row.1 == "Observation") && whole.len() > 20);
    for resource_type in ["Patient", "Observation", ""] {
        let wanted: Vec<Row> =
            whole.iter().filter(|row| resource_type.is_empty() || row.1 == resource_type).cloned().collect();
        for count in [1, 3, 97] {
            assert_eq!(pages(probe, resource_type, count, 0).await, wanted, "{resource_type} by {count}");
        }
        let path = format!("{resource_type}/_history?_count=13");
        let names: Vec<_> = wanted.iter().map(|row| (format!("{}/{}", row.1, row.2), row.3)).collect();
        assert_eq!(
            rest_pages(node, probe, path.trim_start_matches('/')).await,
            names,
            "{resource_type} over REST"
        );
        // At a time that several versions share, and just after it.
        let middle = wanted[wanted.len() / 2].0;
        for since_ms in [middle, middle + 1] {
            let late: Vec<Row> = wanted.iter().filter(|row| row.0 >= since_ms).cloned().collect();
            assert_eq!(pages(probe, resource_type, 5, since_ms).await, late, "{resource_type} since");
        }
    }
}
