//! What all matches of a search are, or what they refer to, as a set: what another search rests on. No hit is made, and no row is read but
//! of a compartment's.

use super::index::refers;
use super::read::{self, Wanted};
use super::tail::{Sieve, View};
use super::{Engine, matches_entry, may_match};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::kind::reference;
use crate::page::sort_hash;
use crate::query::Query;
use crate::resource_set::each_once;
use crate::set::PartitionSet;
use crate::tally::{Tally, Tell};
use fhir::definitions::ParamId;
use fhir::index::Values;
use proto::id::TenantId;

/// What of each match is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gather {
    /// The match.
    Itself,
    /// What it refers to by this parameter.
    Targets(ParamId),
}

impl Engine {
    /// Adds what the index has to it: of what these partitions hold, or all that are here.
    pub(crate) fn gather_indexed(
        &self,
        query: &Query,
        only: Option<&PartitionSet>,
        found: &mut Found,
    ) -> Result<()> {
        let view = View::new(self.shards.iter().map(|shard| shard.tail.snapshot()).collect());
        let sieve = Sieve::of(&query.expr);
        let wanted = Wanted { query, only, start: None, limit: 0, tally: &Tally::new(Tell::Nothing) };
        for (number, snapshot) in view.shards().iter().enumerate() {
            if let Some(segments) = &snapshot.segments {
                read::each(segments, &view, number, &wanted, |segment, weight| {
                    let docs = segment.matches(weight)?;
                    match found.wanted {
                        Gather::Itself => segment.visit(docs, |doc| found.push(segment.order.hash(doc)))?,
                        Gather::Targets(param) => match refers::column(segment.reader, param)? {
                            Some(column) => segment.visit(docs, |doc| {
                                let mut targets = column.values_for_doc(doc).map(refers::from_column);
                                targets.try_for_each(|target| found.push(target))
                            })?,
                            None => 0,
                        },
                    };
                    Ok(())
                })?;
            }
            for entry in snapshot.fresh(&sieve, |entry| may_match(&wanted, entry)) {
                if matches_entry(entry, query) && !view.outdates_entry(entry) {
                    let values = Values::trusted(entry.values.as_deref().unwrap_or_default());
                    found.add(&values, &super::facts(entry))?;
                }
            }
        }
        Ok(())
    }
}

/// What was found so far; some of it more than once.
pub struct Found {
    tenant: TenantId,
    wanted: Gather,
    max: usize,
    hashes: Vec<u64>,
}

/// What was gathered in several shares of the partitions, together: each once, sorted.
///
/// # Errors
/// [`Error::TooMany`] where it is more than `max`.
pub fn united(shares: &[Vec<u64>], max: usize) -> Result<Vec<u64>> {
    let mut all = shares.concat();
    bounded(&mut all, max)?;
    Ok(all)
}

fn bounded(hashes: &mut Vec<u64>, max: usize) -> Result<()> {
    each_once(hashes);
    if hashes.len() > max { Err(Error::TooMany(max)) } else { Ok(()) }
}

/// So many may be there twice, beside as many as there may be.
const SLACK: usize = 1 << 16;

impl Found {
    /// Nothing yet, and never more than `max`.
    pub fn new(tenant: TenantId, wanted: Gather, max: usize) -> Found {
        Found { tenant, wanted, max, hashes: vec![] }
    }

    /// What is wanted of a match.
    ///
    /// # Errors
    /// [`Error::TooMany`]
    pub fn add(&mut self, values: &Values<'_>, facts: &Facts<'_>) -> Result<()> {
        match self.wanted {
            Gather::Itself => self.push(sort_hash(self.tenant, facts.type_code, facts.id.as_str())),
            Gather::Targets(param) => {
                let tenant = self.tenant;
                values
                    .of(param)
                    .filter_map(|value| reference::target(tenant, &value))
                    .try_for_each(|hash| self.push(hash))
            }
        }
    }

    #[inline]
    fn push(&mut self, hash: u64) -> Result<()> {
        // What refers to one thing often stands together.
        if self.hashes.last() == Some(&hash) {
            return Ok(());
        }
        self.hashes.push(hash);
        match self.hashes.len() > self.max.saturating_mul(2).saturating_add(SLACK) {
            true => self.drop_twice(),
            false => Ok(()),
        }
    }

    fn drop_twice(&mut self) -> Result<()> {
        bounded(&mut self.hashes, self.max)
    }

    /// Each once, sorted.
    ///
    /// # Errors
    /// [`Error::TooMany`]
    pub fn finish(mut self) -> Result<Vec<u64>> {
        self.drop_twice()?;
        Ok(self.hashes)
    }
}
