//! Documents and queries for the tests of this folder.
#![allow(dead_code)]

use bytes::Bytes;
use fhir::definitions::ResourceType;
use fhir::index::{Bases, ExtractOptions, FullText, Values, extract};
use fhir::json::{Document, Limits as JsonLimits};
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use search::query::{Joined, Problem};
use search::{Engine, Facts, Limits, Options, Page, Query, Request, Terminology, Token, matches};
use std::path::Path;
use std::time::Duration;
use storage::{Change, ChangeKind};

pub const TENANT: TenantId = TenantId::DEFAULT;

/// The moment of all searches: the middle of 2026.
pub const NOW_MS: u64 = 1_782_864_000_000;

/// Index values of a resource, all words among them.
pub fn values(json: &str) -> Bytes {
    values_with(FullText::All, json)
}

/// The same with those words.
pub fn values_with(words: FullText, json: &str) -> Bytes {
    let limits = JsonLimits { depth_max: 64, bytes_max: 1 << 20 };
    let document = Document::parse(json.as_bytes().to_vec(), &limits).expect("test JSON");
    let mut out = Vec::new();
    let options = ExtractOptions { words, ..ExtractOptions::default() };
    extract(document.root(), &options, &mut out).expect("a resource");
    out.into()
}

pub fn code(name: &str) -> TypeCode {
    TypeCode(ResourceType::from_name(name).expect("a type").code())
}

/// The key of a free-standing resource.
pub fn key(name: &str, id: &str) -> ResourceKey {
    CompartmentKey::of(TENANT, code(name), ResourceId::parse(id).expect("an id")).own()
}

pub fn put(name: &str, id: &str, version: u64, json: &str) -> Change {
    let kind = ChangeKind::Put { index_values: values(json) };
    Change { tenant: TENANT, key: key(name, id), version, last_updated_ms: 1_700_000_000_000 + version, kind }
}

pub fn delete(name: &str, id: &str, version: u64) -> Change {
    let kind = ChangeKind::Delete;
    Change { tenant: TENANT, key: key(name, id), version, last_updated_ms: 1_700_000_000_000 + version, kind }
}

/// The partition the tests put a row in.
pub fn partition(change: &Change) -> PartitionId {
    PartitionId(change.key.compartment.slot.0 % 4 + 1)
}

/// `Type?a=b&c=d`, not percent-encoded.
pub fn query(url: &str) -> Result<Query, proto::Error> {
    joined_query(url, &[])
}

/// The same, with what other searches found for it.
pub fn joined_query(url: &str, joined: &[Joined]) -> Result<Query, proto::Error> {
    compiled(TENANT, url, joined)
}

/// The same of another tenant.
pub fn query_of(tenant: TenantId, url: &str) -> Query {
    compiled(tenant, url, &[]).expect("a query")
}

fn compiled(tenant: TenantId, url: &str, joined: &[Joined]) -> Result<Query, proto::Error> {
    let (name, rest) = url.split_once('?').unwrap_or((url, ""));
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.to_owned(), value.to_owned())
    };
    let parameters: Vec<_> = rest.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    let resource_type = (!name.is_empty()).then_some(name);
    let request = Request {
        resource_type,
        parameters: &parameters,
        compartment: None,
        strict: true,
        bases: Bases::default(),
        came_by: None,
        joined,
        custom: None,
        now_ms: NOW_MS,
    };
    let limits = Limits { full_text: FullText::All, ..Limits::default() };
    Query::compile(tenant, &request, &limits, &Codes)
}

/// Knows the value set `http://vs`, the large one `http://large`, one of `true` (`http://flags`), an empty one, and a code system `http://s1` in which each of c0 to c3 is above the next.
pub struct Codes;

fn token(system: &str, code: String) -> Token {
    Token { code, system: system.to_owned() }
}

fn number(system: &str, code: &str) -> Result<u8, Problem> {
    let number = code.strip_prefix('c').and_then(|number| number.parse().ok());
    number.filter(|_| system == "http://s1").ok_or_else(|| Problem::Unusable("not known".to_owned()))
}

impl Terminology for Codes {
    fn value_set(&self, canonical: &str, max: usize) -> Result<Vec<Token>, Problem> {
        assert!(max > 3);
        match canonical {
            "http://vs" => Ok([("http://s0", 1), ("http://s1", 2), ("http://s1", 1)]
                .map(|(system, code)| token(system, format!("c{code}")))
                .into()),
            "http://empty" => Ok(Vec::new()),
            "http://large" => Ok((0..1000).map(|code| token("http://s9", format!("l{code}"))).collect()),
            "http://flags" => Ok(vec![token("http://flag", "true".to_owned())]),
            _ => Err(Problem::Unusable("not known".to_owned())),
        }
    }

    fn at_or_below(&self, system: &str, code: &str, _: usize) -> Result<Vec<Token>, Problem> {
        Ok((number(system, code)?..4).map(|code| token(system, format!("c{code}"))).collect())
    }

    fn at_or_above(&self, system: &str, code: &str, _: usize) -> Result<Vec<Token>, Problem> {
        Ok((0..=number(system, code)?).map(|code| token(system, format!("c{code}"))).collect())
    }
}

/// What the predicate back end finds among the current rows.
pub fn expected(rows: &[Change], query: &Query) -> Vec<String> {
    let mut found: Vec<String> = rows
        .iter()
        .filter(|row| match &row.kind {
            ChangeKind::Put { index_values } => {
                let facts = Facts {
                    type_code: row.key.type_code,
                    id: &row.key.id,
                    last_updated_ms: row.last_updated_ms,
                };
                matches(&Values::parse(index_values).expect("values"), &facts, query)
            }
            _ => false,
        })
        .map(name)
        .collect();
    found.sort();
    found
}

fn name(change: &Change) -> String {
    format!("{}/{}", change.key.type_code.0, change.key.id)
}

/// All pages of a query, sorted by name; checks that the total is right and nothing comes twice.
pub fn found(engine: &Engine, query: &Query) -> Vec<String> {
    let pages = both_ways(|cursor| engine.search(query, cursor).expect("a page"));
    assert!(pages.iter().all(|page| page.hits.len() <= query.count));
    let hits = pages.iter().flat_map(|page| &page.hits);
    let mut all: Vec<_> = hits.map(|hit| format!("{}/{}", hit.key.type_code.0, hit.key.id)).collect();
    if let Some(total) = pages.last().and_then(|page| page.total) {
        assert_eq!(total as usize, all.len());
    }
    all.sort();
    let len = all.len();
    all.dedup();
    assert_eq!(all.len(), len, "a match came twice");
    all
}

/// All pages, from the first to the last; and back again, by which the same is found.
pub fn both_ways(mut page: impl FnMut(Option<&str>) -> Page) -> Vec<Page> {
    let first = page(None);
    assert_eq!(first.previous, None);
    let mut pages = vec![first];
    while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
        pages.push(page(Some(&next)));
    }
    // What is written meanwhile stays where it is.
    let places = |page: &Page| page.hits.iter().map(|hit| hit.place()).collect::<Vec<_>>();
    let all: Vec<_> = pages.iter().flat_map(places).collect();
    let last = &pages[pages.len() - 1];
    assert_eq!(last.previous.is_some(), pages.len() > 1);
    let (mut found, mut cursor) = (places(last), last.previous.clone());
    while let Some(back) = cursor {
        let before = page(Some(&back));
        let behind = page(Some(before.next.as_deref().expect("there is what it was asked from")));
        assert!(found.starts_with(&places(&behind)));
        found.splice(0..0, places(&before));
        cursor = before.previous;
    }
    assert_eq!(found, all, "back");
    pages
}

/// What cursors are signed with.
const CURSOR_KEY: [u8; 32] = [7; 32];

/// An empty folder for an engine, whose cursors are those of [`in_memory`].
pub fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("cursor.key"), CURSOR_KEY).expect("a key");
    dir
}

/// An engine without a folder.
pub fn in_memory() -> Engine {
    Engine::in_memory(&options(4096), &CURSOR_KEY).0
}

/// An empty engine of each kind. The first one goes with the folder.
pub fn both() -> (tempfile::TempDir, [Engine; 2]) {
    let dir = folder();
    let engine = Engine::open(dir.path(), &options(4096)).expect("an engine").0;
    (dir, [engine, in_memory()])
}

/// Publishes changes one by one; so many came before.
pub fn publish(engine: &Engine, changes: &[Change], before: usize) {
    for (number, change) in changes.iter().enumerate() {
        let at = (before + number + 1) as u64;
        engine.blocking_publish(partition(change), at, std::slice::from_ref(change));
    }
}

/// An engine that has the first `sealed` changes in segments and the others in its tail, and one in memory. The first one goes with the folder.
pub fn sealed_in_part(changes: &[Change], sealed: usize) -> (tempfile::TempDir, [Engine; 2]) {
    let (dir, [engine, memory]) = both();
    publish(&memory, changes, 0);
    let sealed = sealed.min(changes.len());
    publish(&engine, &changes[..sealed], 0);
    engine.close();
    let engine = Engine::open(dir.path(), &options(4096)).expect("an engine").0;
    publish(&engine, &changes[sealed..], sealed);
    (dir, [engine, memory])
}

/// Page by page the two answer the same, down to the cursors.
pub fn assert_same_pages(one: &Engine, other: &Engine, query: &Query) {
    let mut cursor = None;
    loop {
        let page = one.search(query, cursor.as_deref()).expect("a page");
        assert_eq!(page, other.search(query, cursor.as_deref()).expect("a page"));
        cursor = page.next;
        if cursor.is_none() {
            return;
        }
    }
}

/// Seals only when told to: at `close`, or at `seal_docs`.
pub fn options(seal_docs: usize) -> Options {
    Options {
        seal_docs,
        seal_after: Duration::from_secs(3600),
        tail_docs_max: 4096,
        writer_bytes: 15 << 20,
        order_docs_min: 1,
        ..Options::default()
    }
}

/// The folder of an engine that is at work, as it is found after a kill.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            // It may be gone by now: merged away.
            false => drop(std::fs::copy(&from, &to)),
        }
    }
}
