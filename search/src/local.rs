//! Searches that the rows answer: by id, and within one compartment.

use crate::engine::{Engine, Found, Gather};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::matcher::matches;
use crate::page::{Hit, Page, cut, sort_hash};
use crate::query::{Query, Scope};
use crate::set::PartitionSet;
use crate::work::Looked;
use fhir::index::Values;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TypeCode};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use storage::{IndexRow, Partition};

/// Matches that a search of one compartment holds in memory (about 10 MB); more are an error, for its order is not the
/// order of the rows.
pub const MATCHES_MAX: usize = 50_000;

/// The partitions of this node.
pub trait Partitions {
    /// The partition that holds a slot; `None` if this node has no replica of it.
    fn of_slot(&self, slot: Slot) -> Option<(PartitionId, Arc<Partition>)>;
}

impl Engine {
    /// One page of a query's matches, answered by whoever can do it with the least work. All scopes share order, cursors
    /// and exact totals.
    ///
    /// # Errors
    /// [`Error::Cursor`]; [`Error::TooMany`] over [`MATCHES_MAX`]; storage and index errors.
    pub fn answer(&self, partitions: &dyn Partitions, query: &Query, cursor: Option<&str>) -> Result<Page> {
        let mut hits = match query.scope() {
            Scope::Population => return self.search(query, cursor),
            Scope::Ids(ids) => by_id(partitions, query, ids)?,
            Scope::Compartment(key) => compartment(partitions, query, key)?,
            Scope::Membership(key) => {
                let mut hits = compartment(partitions, query, key)?;
                let elsewhere = self.all(query, MATCHES_MAX)?;
                hits.extend(elsewhere.into_iter().filter(|hit| hit.key.compartment != *key));
                hits
            }
        };
        cut(&mut hits, usize::MAX, false);
        let total = query.known(hits.len());
        let start = self.start(query, cursor)?;
        if let Some(start) = &start {
            hits.retain(|hit| start.lets(hit));
        }
        Ok(self.page_of(query, start.as_ref(), hits, total))
    }

    /// What all matches are, or what they refer to: each once and sorted, by hash. `only`: of what these partitions hold, else
    /// all that are here; they have to be current.
    ///
    /// # Errors
    /// [`Error::TooMany`] where they are more than `max`; storage and index errors.
    pub fn gather(
        &self,
        partitions: &dyn Partitions,
        query: &Query,
        only: Option<&PartitionSet>,
        wanted: Gather,
        max: usize,
    ) -> Result<Vec<u64>> {
        let mut found = Found::new(query.tenant, wanted, max);
        match query.scope() {
            Scope::Compartment(key) => each_of_compartment(partitions, query, key, |one| {
                match only.is_none_or(|only| only.contains(one.partition)) {
                    true => found.add(&one.values, &one.facts),
                    false => Ok(()),
                }
            })?,
            // Whatever the rows could tell, the index can.
            _ => self.gather_indexed(query, only, &mut found)?,
        }
        found.finish()
    }
}

/// The query's ids, each read where it lives.
fn by_id(partitions: &dyn Partitions, query: &Query, ids: &[ResourceId]) -> Result<Vec<Hit>> {
    let mut hits = Vec::new();
    let mut seen = FxHashSet::default();
    for t in &query.types {
        for id in ids.iter().filter(|id| seen.insert((t.code(), **id))) {
            let own = Scope::own_key(query.tenant, TypeCode(t.code()), *id);
            let Some((partition, row)) = read(partitions, query, own)? else { continue };
            hits.extend(Match::of(query, partition, &row).map(|one| one.hit(query)));
        }
    }
    Ok(hits)
}

/// Through the directory row at the home slot, if there is one.
fn read(
    partitions: &dyn Partitions,
    query: &Query,
    own: ResourceKey,
) -> Result<Option<(PartitionId, IndexRow)>> {
    let Some((id, home)) = partitions.of_slot(own.compartment.slot) else { return Ok(None) };
    let place = home.locate(query.tenant, own.compartment.slot, own.type_code, &own.id)?;
    let Some(compartment) = place else {
        return Ok(home.index_row(query.tenant, &own)?.map(|row| (id, row)));
    };
    let Some((id, partition)) = partitions.of_slot(compartment.slot) else { return Ok(None) };
    let key = ResourceKey { compartment, ..own };
    Ok(partition.index_row(query.tenant, &key)?.map(|row| (id, row)))
}

/// The matches among a compartment's rows: one range scan.
pub(crate) fn compartment(
    partitions: &dyn Partitions,
    query: &Query,
    key: &CompartmentKey,
) -> Result<Vec<Hit>> {
    let mut hits = Vec::new();
    each_of_compartment(partitions, query, key, |one| {
        hits.push(one.hit(query));
        if hits.len() > MATCHES_MAX { Err(Error::TooMany(MATCHES_MAX)) } else { Ok(()) }
    })?;
    Ok(hits)
}

/// Shows `see` each match among a compartment's rows.
pub(crate) fn each_of_compartment(
    partitions: &dyn Partitions,
    query: &Query,
    key: &CompartmentKey,
    mut see: impl FnMut(Match<'_>) -> Result<()>,
) -> Result<()> {
    let Some((id, partition)) = partitions.of_slot(key.slot) else { return Ok(()) };
    let only = match query.types.as_slice() {
        [one] => Some(TypeCode(one.code())),
        _ => None,
    };
    for row in partition.scan_compartment(query.tenant, key, only)? {
        if let Some(one) = Match::of(query, id, &row?) {
            see(one)?;
        }
    }
    Ok(())
}

/// A row that matches.
pub(crate) struct Match<'r> {
    pub partition: PartitionId,
    row: &'r IndexRow,
    pub values: Values<'r>,
    pub facts: Facts<'r>,
}

impl<'r> Match<'r> {
    /// `None` if it does not.
    fn of(query: &Query, partition: PartitionId, row: &'r IndexRow) -> Option<Self> {
        query.looked(Looked { rows: 1, ..Looked::default() });
        let values = Values::trusted(&row.index_values);
        let facts =
            Facts { type_code: row.key.type_code, id: &row.key.id, last_updated_ms: row.last_updated_ms };
        matches(&values, &facts, query).then_some(Match { partition, row, values, facts })
    }

    fn hit(&self, query: &Query) -> Hit {
        let row = self.row;
        Hit {
            partition: self.partition,
            key: row.key,
            version: row.version,
            last_updated_ms: row.last_updated_ms,
            hash: sort_hash(query.tenant, row.key.type_code, row.key.id.as_str()),
            order: query.sort.key(&self.values, &self.facts),
        }
    }
}
