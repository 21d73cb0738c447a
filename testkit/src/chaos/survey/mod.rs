//! What is there when nobody writes any more: read back in every way that a client has.

mod ask;
mod questions;

use super::{
    content::{Content, GROUP},
    record::{Level, Name, Record, Row},
    wire::{Call, Entry, Wires},
};
use ask::entries_of_all;
use std::collections::{BTreeMap, BTreeSet};

/// The types that a run writes.
pub const KINDS: [&str; 2] = ["Patient", "Observation"];

/// One version of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub version: u64,
    /// `None`: deleted.
    pub content: Option<Content>,
    pub updated_ms: u64,
}

/// A history, read to its end in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub level: Level,
    pub page_size: u32,
    /// Only from there on; 0: all.
    pub since_ms: u64,
    pub rows: Vec<Row>,
}

/// What a search found, and what it should: made of the histories.
#[derive(Clone, Debug)]
pub struct Search {
    /// For a reader of a violation.
    pub what: String,
    pub found: Vec<(Name, u64)>,
    pub wanted: Vec<(Name, u64)>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Of every resource of the run, oldest first; empty where there is none of that name.
    pub histories: BTreeMap<Name, Vec<Version>>,
    /// The version a read finds; `None`: gone, or not there.
    pub reads: BTreeMap<Name, Option<u64>>,
    pub listings: Vec<Listing>,
    pub searches: Vec<Search>,
}

impl Survey {
    /// What is there now: its last version and that one's content.
    pub fn alive(&self) -> impl Iterator<Item = (&Name, &Version, &Content)> {
        self.histories.iter().filter_map(|(name, versions)| {
            let last = versions.last()?;
            Some((name, last, last.content.as_ref()?))
        })
    }

    /// All of it, a line for each resource, list and search.
    pub(crate) fn lines(&self) -> Vec<String> {
        let histories = self.histories.iter().map(|(name, versions)| format!("{name}: {versions:?}"));
        let listings = self.listings.iter().map(|listing| format!("{listing:?}"));
        let searches = self.searches.iter().map(|search| format!("{search:?}"));
        histories.chain(listings).chain(searches).collect()
    }

    /// Asks the server, over both wires in turn.
    ///
    /// # Errors
    /// A request that gets no usable answer, again and again.
    pub async fn take(wires: &Wires, record: &Record) -> anyhow::Result<Survey> {
        let mut survey = Survey::default();
        let names = names(wires, record).await?;
        let calls = names.iter().map(|name| Call::history(Level::Instance(name.clone()), PAGE_SIZE));
        let histories = entries_of_all(wires, calls.collect()).await?;
        for (name, entries) in names.iter().zip(histories) {
            survey.histories.insert(name.clone(), entries.into_iter().rev().map(version).collect());
        }
        let calls = names.iter().map(|name| Call::Read { name: name.clone() });
        for (name, entries) in names.iter().zip(entries_of_all(wires, calls.collect()).await?) {
            survey.reads.insert(name.clone(), entries.first().map(|entry| entry.row.version));
        }
        survey.list(wires).await?;
        survey.search(wires).await?;
        Ok(survey)
    }

    async fn list(&mut self, wires: &Wires) -> anyhow::Result<()> {
        let mut listings = questions::listings(self);
        let call = |listing: &Listing| Call::History {
            level: listing.level.clone(),
            count: listing.page_size,
            since_ms: listing.since_ms,
            more: None,
        };
        let listed = entries_of_all(wires, listings.iter().map(call).collect()).await?;
        for (listing, entries) in listings.iter_mut().zip(listed) {
            listing.rows = entries.into_iter().map(|entry| entry.row).collect();
        }
        self.listings = listings;
        Ok(())
    }

    async fn search(&mut self, wires: &Wires) -> anyhow::Result<()> {
        let (calls, wanted): (Vec<_>, Vec<_>) = questions::searches(self).into_iter().unzip();
        let found = entries_of_all(wires, calls.clone()).await?;
        for ((call, wanted), entries) in calls.into_iter().zip(wanted).zip(found) {
            let found = entries.into_iter().map(|entry| (entry.row.of, entry.row.version)).collect();
            self.searches.push(Search { what: format!("{call:?}"), found, wanted });
        }
        Ok(())
    }
}

const PAGE_SIZE: u32 = 1000;

/// All that was written, and all that is there, whoever wrote it.
async fn names(wires: &Wires, record: &Record) -> anyhow::Result<BTreeSet<Name>> {
    let mut names: BTreeSet<Name> = record.writes.iter().map(|write| write.of.clone()).collect();
    let mut calls = Vec::new();
    for kind in KINDS {
        calls.push(Call::history(Level::Type(kind), PAGE_SIZE));
        calls.push(Call::search(kind, &[("_count", "500")]));
    }
    let found = entries_of_all(wires, calls).await?;
    names.extend(found.into_iter().flatten().map(|entry| entry.row.of));
    Ok(names)
}

fn version(entry: Entry) -> Version {
    Version { version: entry.row.version, content: entry.content, updated_ms: entry.row.updated_ms }
}

/// The members of a group are found by this.
pub fn group_query(name: &str) -> String {
    format!("{GROUP}|{name}")
}
