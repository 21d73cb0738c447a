//! One page of the history of a type or of the whole tenant: the heads of all partitions, merged in one order of all
//! versions. The cost is the page's, not the history's.

use super::cursor::{Cursor, Moment};
use proto::{PartitionId, TenantId, TypeCode};
use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};
use storage::{Histories, HistoryPlace, Listed, Places, Result, Version};

/// What is asked for.
pub struct Asked {
    pub tenant: TenantId,
    /// `None`: all types.
    pub type_code: Option<TypeCode>,
    /// Versions of this time or later.
    pub since_ms: u64,
    pub limit: usize,
}

/// A page, and whether more follows.
pub struct Found {
    pub versions: Vec<Version>,
    pub more: bool,
}

/// A page as it is answered, and its end where more follows.
pub struct Page {
    pub versions: Vec<Version>,
    pub next: Option<Cursor>,
}

impl Page {
    /// Of what was found at `moment`.
    pub fn of(found: Found, moment: Moment) -> Page {
        let Found { versions, more } = found;
        let last = versions.last().filter(|_| more).map(Version::place);
        Page { next: last.map(|last| Cursor { last, moment }), versions }
    }
}

/// A view of a partition's histories.
pub type View<'p> = (PartitionId, Histories<'p>);

/// Views of these partitions, as they are now.
///
/// # Errors
/// Storage's, which are the server's.
pub fn views(
    partitions: &[(PartitionId, Arc<storage::Partition>)],
) -> std::result::Result<Vec<View<'_>>, proto::Error> {
    let views = partitions.iter().map(|(id, rows)| Ok((*id, rows.histories()?)));
    views.collect::<Result<_>>().map_err(crate::error::storage)
}

/// Reads a page from views of partitions: of what belongs to `moment`, the newest behind `after`.
///
/// # Errors
/// Storage's, which are the server's.
pub fn page(
    views: &[View<'_>],
    asked: &Asked,
    after: Option<&HistoryPlace>,
    moment: &Moment,
) -> Result<Found> {
    let mut merged = Merged::open(views, asked, after)?;
    let mut versions = Vec::with_capacity(asked.limit.min(VERSIONS_GUESSED));
    let mut last = None;
    while let Some((view, listed)) = merged.next()? {
        // One version is one entry, even where an old fault left it in two places.
        if last == Some(listed.place) || !moment.holds(views[view].0, listed.origin) {
            continue;
        }
        if versions.len() == asked.limit {
            return Ok(Found { versions, more: true });
        }
        versions.push(views[view].1.version(asked.tenant, &listed)?);
        last = Some(listed.place);
    }
    Ok(Found { versions, more: false })
}

/// The page that pages of all partitions make, each of which has as many versions or all that there are.
pub fn merged(parts: Vec<Found>, limit: usize) -> Found {
    let mut more = parts.iter().any(|part| part.more);
    let mut versions: Vec<Version> = parts.into_iter().flat_map(|part| part.versions).collect();
    versions.sort_by_key(|version| Reverse(version.place()));
    versions.dedup_by_key(|version| version.place());
    more |= versions.len() > limit;
    versions.truncate(limit);
    Found { versions, more }
}

/// Room for a page before its length is known.
const VERSIONS_GUESSED: usize = 128;

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
    fn open(views: &'v [View<'_>], asked: &Asked, before: Option<&HistoryPlace>) -> Result<Self> {
        let mut merged = Merged { sources: vec![], heads: BinaryHeap::new() };
        for (number, (_, view)) in views.iter().enumerate() {
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
