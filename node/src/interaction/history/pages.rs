//! One page of the history of a type or of the whole tenant: the heads of all partitions, merged in one order of all
//! versions. The cost is the page's, not the history's.

use super::cursor::{Cursor, Moment};
use proto::{PartitionId, TenantId, TypeCode};
use std::collections::BinaryHeap;
use storage::{Histories, Listed, Places, Result, Version};

/// What is asked for.
pub struct Asked {
    pub tenant: TenantId,
    /// `None`: all types.
    pub type_code: Option<TypeCode>,
    /// Versions of this time or later.
    pub since_ms: u64,
    /// The end of the page before.
    pub after: Option<Cursor>,
    pub limit: usize,
}

/// A page, and its end where more follows.
pub struct Found {
    pub versions: Vec<Version>,
    pub next: Option<Cursor>,
}

/// Reads a page from views of all partitions, numbered from 1 in the order given, which were taken at one moment.
///
/// # Errors
/// Storage's, which are the server's.
pub fn page(views: &[Histories<'_>], asked: &Asked) -> Result<Found> {
    let moment = match &asked.after {
        Some(cursor) => cursor.moment.clone(),
        None => Moment(views.iter().map(Histories::applied_index).collect()),
    };
    let mut merged = Merged::open(views, asked)?;
    let mut versions = Vec::with_capacity(asked.limit.min(VERSIONS_GUESSED));
    let mut last = None;
    while let Some((view, listed)) = merged.next()? {
        // One version is one entry, even where an old fault left it in two places.
        if last == Some(listed.place) || !moment.holds(number_of(view), listed.origin) {
            continue;
        }
        if versions.len() == asked.limit {
            return Ok(Found { versions, next: last.map(|last| Cursor { last, moment }) });
        }
        versions.push(views[view].version(asked.tenant, &listed)?);
        last = Some(listed.place);
    }
    Ok(Found { versions, next: None })
}

/// Room for a page before its length is known.
const VERSIONS_GUESSED: usize = 128;

fn number_of(view: usize) -> PartitionId {
    PartitionId(view as u16 + 1)
}

/// The versions of many sources, newest first.
struct Merged<'v> {
    sources: Vec<(usize, Places<'v>)>,
    heads: BinaryHeap<Head>,
}

/// The next version of a source.
struct Head {
    listed: Listed,
    source: usize,
}

impl<'v> Merged<'v> {
    fn open(views: &'v [Histories<'_>], asked: &Asked) -> Result<Self> {
        let mut merged = Merged { sources: vec![], heads: BinaryHeap::new() };
        let before = asked.after.as_ref().map(|cursor| &cursor.last);
        for (number, view) in views.iter().enumerate() {
            let types = match asked.type_code {
                Some(type_code) => vec![type_code],
                None => view.types(asked.tenant)?,
            };
            for type_code in types {
                let places = view.newest_first(asked.tenant, type_code, asked.since_ms, before)?;
                merged.sources.push((number, places));
                merged.advance(merged.sources.len() - 1)?;
            }
        }
        Ok(merged)
    }

    /// The next version and the number of its view.
    fn next(&mut self) -> Result<Option<(usize, Listed)>> {
        let Some(Head { listed, source }) = self.heads.pop() else { return Ok(None) };
        self.advance(source)?;
        Ok(Some((self.sources[source].0, listed)))
    }

    fn advance(&mut self, source: usize) -> Result<()> {
        if let Some(listed) = self.sources[source].1.next().transpose()? {
            self.heads.push(Head { listed, source });
        }
        Ok(())
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.listed.place.cmp(&other.listed.place)
    }
}
