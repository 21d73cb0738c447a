//! A server's searches against [`naive`](crate::naive) ones: random resources that are alike, random writes, moves and deletes,
//! random queries made of what is there and of near misses. Where the two differ, the smallest case that does is told.

mod ask;
mod judge;
mod server;
mod shrink;
mod world;

pub use server::{Entry, Page, Server, Written};

use crate::naive::{Name, Query, Store};
use anyhow::Context;
use ask::Asking;
use futures::{StreamExt, stream};
use generator::random::Random;
use shrink::Case;
use std::{
    collections::BTreeMap,
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

/// Searches that are under way at once.
const AT_ONCE: usize = 4;

/// One run: what has been written, and what has been asked.
pub struct Differential {
    seed: u64,
    random: Random,
    store: Store,
    tally: Tally,
}

/// What was put to the test.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub queries: usize,
    /// Of those: had matches, and not all of the type.
    pub choosing: usize,
    pub pages: usize,
    pub writes: usize,
    pub deletes: usize,
    /// Queries by what is in them.
    pub shapes: BTreeMap<String, usize>,
}

/// Two sides differ; or one could not answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("seed {0}: {1}")]
    Difference(u64, Box<Case>),
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Differential {
    /// A run from a seed, on a server whose own URL is `base` and which holds nothing.
    pub fn new(seed: u64, base: &str) -> Self {
        let random = Random::of(seed, u64::from_be_bytes(*b"naive se"), 0);
        Differential { seed, random, store: Store::new(base), tally: Tally::default() }
    }

    /// A run on what a server holds already.
    pub fn over(seed: u64, store: Store) -> Self {
        Differential { store, ..Differential::new(seed, "") }
    }

    /// Writes and deletes so many resources.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn write<S: Server>(&mut self, server: &S, count: usize) -> anyhow::Result<()> {
        for _ in 0..count {
            let name = world::name(&mut self.random);
            let there = self.store.get(&name).is_some();
            if there && self.random.chance(150) {
                self.store.delete(&name, server.delete(&name).await?);
                self.tally.deletes += 1;
                continue;
            }
            let body = match self.store.get(&name).filter(|_| self.random.chance(300)) {
                Some(stored) => world::moved(&mut self.random, stored, &self.store.base),
                None => world::resource(&mut self.random, &name, &self.store.base),
            };
            let written = server.put(&name, body.clone()).await.with_context(|| body)?;
            self.store.put(&name, written.version, written.last_updated_ms, written.body)?;
            self.tally.writes += 1;
        }
        Ok(())
    }

    /// Asks so many queries.
    ///
    /// # Errors
    /// The first difference, made small; what a side cannot do.
    pub async fn ask<S: Server>(&mut self, server: &S, count: usize) -> Result<(), Failure> {
        let mut asking = Asking { random: &mut self.random, store: &self.store };
        let queries: Vec<Query> = (0..count).map(|_| asking.query()).collect();
        let mut answers = stream::iter(queries)
            .map(|query| async move {
                let answer = server.search(&query).await;
                (query, answer)
            })
            .buffered(AT_ONCE);
        while let Some((query, answer)) = answers.next().await {
            let judged = judge::judge(&self.store, &query, &answer, now_ms())
                .with_context(|| format!("seed {}: {query}", self.seed))?;
            if let Some(difference) = judged.difference {
                drop(answers);
                eprintln!("seed {}: {query}\n  {difference}\nlooking for a smaller case", self.seed);
                let store = std::mem::take(&mut self.store);
                let case = shrink::smallest(server, store, query).await;
                return Err(Failure::Difference(self.seed, Box::new(case)));
            }
            self.tally.count(&query, judged.matches, judged.candidates, judged.pages);
        }
        Ok(())
    }

    /// What has been done.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// The server's clock is this machine's.
fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Tally {
    fn count(&mut self, query: &Query, matches: usize, candidates: usize, pages: usize) {
        self.queries += 1;
        self.pages += pages;
        self.choosing += usize::from(matches > 0 && matches < candidates);
        for shape in ask::shapes(query) {
            *self.shapes.entry(shape).or_default() += 1;
        }
    }

    /// Together with those of another run.
    pub fn add(&mut self, other: &Tally) {
        self.queries += other.queries;
        self.choosing += other.choosing;
        self.pages += other.pages;
        self.writes += other.writes;
        self.deletes += other.deletes;
        for (shape, count) in &other.shapes {
            *self.shapes.entry(shape.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { queries, choosing, pages, writes, deletes, shapes } = self;
        write!(
            f,
            "{queries} queries compared ({choosing} found some and not all), {pages} pages, {writes} writes, {deletes} deletes;"
        )?;
        shapes.iter().try_for_each(|(shape, count)| write!(f, " {shape} {count}"))
    }
}

/// Reads what a server holds, every version of it, into a store.
///
/// # Errors
/// Those of its histories.
pub async fn read_all(server: &client::Client, base: &str) -> anyhow::Result<Store> {
    let mut store = Store::new(base);
    let mut pages =
        Box::pin(server.history_pages(client::api::HistoryRequest { count: 500, ..Default::default() }));
    while let Some(page) = pages.next().await {
        for entry in page?.entries {
            let name = name(&entry.resource_type, &entry.id)?;
            let version = entry.version_id.parse()?;
            match entry.outcome() {
                client::api::Outcome::Deleted => store.delete(&name, version),
                _ => store.put(&name, version, entry.last_updated_ms, entry.body)?,
            }
        }
    }
    Ok(store)
}

fn name(resource_type: &str, id: &str) -> anyhow::Result<Name> {
    let known = fhir::definitions::ResourceType::from_name(resource_type);
    let resource_type = known.with_context(|| format!("no type: {resource_type}"))?;
    Ok(Name { resource_type, id: id.to_owned() })
}
