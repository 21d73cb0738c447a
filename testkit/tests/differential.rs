//! The differential test itself: a server that does as a reader of the specification does has no differences, and of one with a
//! fault the smallest case that shows it is told.
#![cfg(feature = "harness")]

use anyhow::Context;
use std::sync::Mutex;
use testkit::{
    differential::{Differential, Entry, Failure, Page, Server, Written},
    naive::{Name, Query, Reader, Store, Stored, compare, includes, keys, rules},
};

const BASE: &str = "http://here.org/fhir";

/// A server that is a reader; its fault is in how it reads queries.
struct Fake {
    store: Mutex<(Store, u64)>,
    fault: fn(Query) -> Query,
}

impl Fake {
    fn new(fault: fn(Query) -> Query) -> Fake {
        Fake { store: Mutex::new((Store::new(BASE), 0)), fault }
    }
}

fn entry(one: &Stored, is_match: bool) -> Entry {
    let body = one.document.source().clone();
    Entry { name: one.name.clone(), version: one.version, is_match, body }
}

impl Server for Fake {
    async fn put(&self, name: &Name, body: String) -> anyhow::Result<Written> {
        let (store, version) = &mut *self.store.lock().unwrap();
        *version += 1;
        store.put(name, *version, *version, body.clone().into())?;
        Ok(Written { version: *version, last_updated_ms: *version, body: body.into() })
    }

    async fn delete(&self, name: &Name) -> anyhow::Result<u64> {
        let (store, version) = &mut *self.store.lock().unwrap();
        *version += 1;
        store.delete(name, *version);
        Ok(*version)
    }

    async fn search(&self, query: &Query) -> anyhow::Result<Vec<Page>> {
        let (store, _) = &*self.store.lock().unwrap();
        let reader = Reader { store, now_ms: 1_800_000_000_000 };
        let query = (self.fault)(query.clone());
        let mut matches = reader.matches(&query)?;
        let total = Some(matches.len() as u64);
        if query.all("_summary").next().is_some() {
            return Ok(vec![Page { entries: vec![], total }]);
        }
        let rules = rules(&query);
        matches.sort_by(|one, other| compare(&rules, &keys(store, one, &rules), &keys(store, other, &rules)));
        let mut entries: Vec<Entry> = matches.iter().map(|one| entry(one, true)).collect();
        for (name, version) in includes(reader, &query, &matches) {
            entries.push(entry(store.version(&name, version).context("a version")?, false));
        }
        Ok(vec![Page { entries, total }])
    }
}

async fn run(fault: fn(Query) -> Query) -> Result<(), Failure> {
    let server = Fake::new(fault);
    let mut run = Differential::new(1, BASE);
    for _ in 0..4 {
        run.write(&server, 60).await?;
        run.ask(&server, 400).await?;
    }
    println!("{}", run.tally());
    Ok(())
}

#[tokio::test]
async fn a_reader_agrees_with_a_reader() {
    run(|query| query).await.unwrap();
}

/// Values of dates that begin with `from` are asked with `to`.
fn with_prefix(mut query: Query, from: &str, to: &str) -> Query {
    for (name, value) in &mut query.parameters {
        if matches!(name.as_str(), "date" | "birthdate") && value.starts_with(from) {
            value.replace_range(..2, to);
        }
    }
    query
}

#[tokio::test]
async fn a_fault_is_found_and_made_small() {
    let Err(Failure::Difference(_, case)) = run(|query| with_prefix(query, "ge", "gt")).await else {
        panic!("the fault was not found");
    };
    println!("{case}");
    assert!(case.query.parameters.len() == 1 && !case.query.parameters[0].1.contains(','), "{case}");
    assert_eq!(case.resources.len(), 1, "{case}");
    assert!(case.resources[0].len() < 250, "{case}");
    assert!(case.difference.starts_with("missing: ["), "{case}");
}

#[tokio::test]
async fn a_wrong_order_is_found() {
    let turned = |mut query: Query| {
        for (_, value) in query.parameters.iter_mut().filter(|(name, _)| name == "_sort") {
            let rules: Vec<&str> = value.split(',').map(|rule| rule.trim_start_matches('-')).collect();
            *value = rules.join(",");
        }
        query
    };
    let Err(Failure::Difference(_, case)) = run(turned).await else { panic!("the fault was not found") };
    assert_eq!((case.query.parameters.len(), case.resources.len()), (1, 2), "{case}");
    assert!(case.difference.contains("comes before"), "{case}");
}

#[tokio::test]
async fn what_comes_with_matches_is_looked_at() {
    let left_out = |mut query: Query| {
        query.parameters.retain(|(name, _)| name != "_revinclude");
        query
    };
    let Err(Failure::Difference(_, case)) = run(left_out).await else { panic!("the fault was not found") };
    assert_eq!(case.query.parameters.len(), 1, "{case}");
    assert!(case.difference.starts_with("with ") && case.resources.len() <= 2, "{case}");
}
