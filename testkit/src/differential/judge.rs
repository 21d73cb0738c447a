//! Whether an answer is the right one.

use super::server::Page;
use crate::naive::{Name, Query, Reader, Store, Stored, compare, includes, keys, rules};
use std::{cmp::Ordering, collections::BTreeSet};

/// What was found out about an answer.
#[derive(Clone, Debug)]
pub struct Judged {
    pub difference: Option<String>,
    pub matches: usize,
    /// How many resources of the types searched there are.
    pub candidates: usize,
    pub pages: usize,
}

/// Holds all pages of a search against what a reader finds.
///
/// # Errors
/// Where the reader does not understand the query.
pub fn judge(
    store: &Store,
    query: &Query,
    answer: &anyhow::Result<Vec<Page>>,
    now_ms: i64,
) -> anyhow::Result<Judged> {
    let reader = Reader { store, now_ms };
    let wanted = reader.matches(query)?;
    let types = query.types();
    let is_candidate = |one: &&Stored| types.is_empty() || types.contains(&one.name.resource_type);
    let difference = match answer {
        Ok(pages) => differ(reader, query, &wanted, pages),
        Err(error) => Some(format!("it was refused: {error:#}")),
    };
    let (candidates, pages) =
        (store.current().filter(is_candidate).count(), answer.as_ref().map_or(0, Vec::len));
    Ok(Judged { difference, matches: wanted.len(), candidates, pages })
}

fn differ(reader: Reader<'_>, query: &Query, wanted: &[&Stored], pages: &[Page]) -> Option<String> {
    matches(query, wanted, pages)
        .or_else(|| totals(query, wanted.len(), pages))
        .or_else(|| order(reader.store, query, pages))
        .or_else(|| bodies(reader.store, pages))
        .or_else(|| pages.iter().find_map(|page| included(reader, query, page)))
}

fn totals(query: &Query, wanted: usize, pages: &[Page]) -> Option<String> {
    let is_asked = query.all("_total").any(|total| total == "accurate") || counts(query);
    let wrong = pages.iter().find(|page| match page.total {
        Some(total) => total != wanted as u64,
        None => is_asked,
    })?;
    Some(format!("the total is {:?}, it should be {wanted}", wrong.total))
}

/// Whether only the number of matches is asked for.
fn counts(query: &Query) -> bool {
    query.all("_summary").any(|summary| summary == "count") || query.all("_count").any(|count| count == "0")
}

fn matches(query: &Query, wanted: &[&Stored], pages: &[Page]) -> Option<String> {
    let found: Vec<(&Name, u64)> = pages.iter().flat_map(matches_of).collect();
    let wanted: BTreeSet<(&Name, u64)> = match counts(query) {
        true => BTreeSet::new(),
        false => wanted.iter().map(|one| (&one.name, one.version)).collect(),
    };
    let distinct: BTreeSet<(&Name, u64)> = found.iter().copied().collect();
    let told = |names: &mut dyn Iterator<Item = &(&Name, u64)>| {
        let names: Vec<String> = names.map(|(name, version)| format!("{name} ({version})")).collect();
        names.join(", ")
    };
    if found.len() != distinct.len() {
        return Some(format!("found twice: {}", told(&mut found.iter())));
    }
    (distinct != wanted).then(|| {
        let (missing, wrong) = (wanted.difference(&distinct), distinct.difference(&wanted));
        let (mut missing, mut wrong) = (missing, wrong);
        format!("missing: [{}]; found, and should not: [{}]", told(&mut missing), told(&mut wrong))
    })
}

fn matches_of(page: &Page) -> impl Iterator<Item = (&Name, u64)> {
    page.entries.iter().filter(|entry| entry.is_match).map(|entry| (&entry.name, entry.version))
}

fn order(store: &Store, query: &Query, pages: &[Page]) -> Option<String> {
    let rules = rules(query);
    let found = pages.iter().flat_map(matches_of).filter_map(|(name, _)| store.get(name));
    let keys: Vec<_> = found.map(|one| (&one.name, keys(store, one, &rules))).collect();
    let wrong = keys.windows(2).find(|two| compare(&rules, &two[0].1, &two[1].1) == Ordering::Greater)?;
    Some(format!("{:?} comes before {:?}", wrong[0], wrong[1]))
}

fn bodies(store: &Store, pages: &[Page]) -> Option<String> {
    let wrong = pages.iter().flat_map(|page| &page.entries).find(|entry| {
        let stored = store.version(&entry.name, entry.version);
        stored.is_none_or(|stored| *stored.document.source() != entry.body)
    })?;
    Some(format!("{} ({}) is not as it was written", wrong.name, wrong.version))
}

fn included(reader: Reader<'_>, query: &Query, page: &Page) -> Option<String> {
    let matches: Vec<&Stored> = matches_of(page).filter_map(|(name, _)| reader.store.get(name)).collect();
    let wanted = includes(reader, query, &matches);
    let found = page.entries.iter().filter(|entry| !entry.is_match);
    let found: Vec<(Name, u64)> = found.map(|entry| (entry.name.clone(), entry.version)).collect();
    let distinct: BTreeSet<(Name, u64)> = found.iter().cloned().collect();
    let wrong = distinct != wanted || distinct.len() != found.len();
    wrong.then(|| {
        let told = |names: &mut dyn Iterator<Item = &(Name, u64)>| {
            let names: Vec<String> = names.map(|(name, version)| format!("{name} ({version})")).collect();
            names.join(", ")
        };
        let names: Vec<String> = matches.iter().map(|one| one.name.to_string()).collect();
        format!(
            "with {} come [{}], and it should be [{}]",
            names.join(", "),
            told(&mut found.iter()),
            told(&mut wanted.iter())
        )
    })
}
