//! Searches over the partitions, and the rows of their hits.

use super::{Look, Session};
use crate::{engine::Engine, host::aside, partition::Partition};
use fhir::definitions::ResourceType;
use proto::{Error, PartitionId, ResourceKey, Slot, TenantId};
use search::{Hit, Page, Partitions, Query, Scope};
use std::sync::Arc;
use storage::Version;

impl Session<'_> {
    /// The page of a query after `cursor`, after everything acknowledged so far is in reach.
    ///
    /// # Errors
    /// The search's own; `Unavailable` while a partition it needs has no leader.
    pub async fn search(self, query: &Query, cursor: Option<&str>) -> Result<Page, Error> {
        if let Scope::Compartment(compartment) = query.scope() {
            self.settled(self.engine.partition_of(compartment.slot)).await?;
            return self.page(query, cursor);
        }
        self.at_a_moment(|| self.page(query, cursor)).await
    }

    fn page(self, query: &Query, cursor: Option<&str>) -> Result<Page, Error> {
        // A search may take milliseconds of CPU: it does not hold up the other tasks of its thread.
        aside(|| self.engine.search.answer(self.engine, query, cursor)).map_err(Error::from)
    }

    /// What `show` makes of the version of each hit that matched. Deleted ones are left out, what moved meanwhile is not.
    ///
    /// # Errors
    /// Those of `show`; `Unavailable` without a leader.
    pub async fn rows_of<T: Send>(
        self,
        hits: &[Hit],
        show: impl Fn(&Hit, Version) -> Result<T, Error> + Send + Sync,
    ) -> Result<Vec<T>, Error> {
        let (mut shown, moved) = match hits.len() > LARGE_PAGE {
            true => aside(|| self.rows_here(hits, &show)),
            false => self.rows_here(hits, &show),
        }?;
        if moved {
            for hit in &hits[shown.len()..] {
                let row = self.follow(hit).await?;
                shown.push(row.map(|row| show(hit, row)).transpose()?);
            }
        }
        Ok(shown.into_iter().flatten().collect())
    }

    /// Until the first hit that moved; whether there is one.
    fn rows_here<T>(
        self,
        hits: &[Hit],
        show: &impl Fn(&Hit, Version) -> Result<T, Error>,
    ) -> Result<(Vec<Option<T>>, bool), Error> {
        let mut shown = Vec::with_capacity(hits.len());
        for hit in hits {
            let rows = self.engine.partition(hit.partition)?.tables();
            shown.push(match seen(rows, self.tenant(), &hit.key, hit.version)? {
                Seen::Here(row) => Some(show(hit, row)?),
                Seen::Gone => None,
                Seen::Elsewhere => return Ok((shown, true)),
            });
        }
        Ok((shown, false))
    }

    /// The version that matched, wherever its resource went with its history; `None` if it is deleted by now.
    async fn follow(self, hit: &Hit) -> Result<Option<Version>, Error> {
        let resource_type = ResourceType::from_code(hit.key.type_code.0);
        let Some(resource_type) = resource_type else { return Ok(None) };
        Ok(self.look(resource_type, hit.key.id, &Matched(hit.version)).await?.flatten())
    }

    /// How many partitions there are.
    pub fn partitions(self) -> usize {
        self.engine.partitions().count()
    }

    /// The tables of all partitions, in order.
    ///
    /// # Errors
    /// `Unavailable` while a partition has no leader.
    pub fn all_tables(self) -> Result<Vec<Arc<storage::Partition>>, Error> {
        self.engine.partitions().map(|id| Ok(self.engine.partition(id)?.tables().clone())).collect()
    }
}

/// The rows of more hits take longer than the other tasks of a thread should wait.
const LARGE_PAGE: usize = 20;

/// What a partition has of a hit.
enum Seen {
    /// The version that matched, from its history where it was written again since.
    Here(Version),
    /// Deleted since.
    Gone,
    /// Not a row: it moved to another compartment since.
    Elsewhere,
}

fn seen(rows: &storage::Partition, tenant: TenantId, key: &ResourceKey, version: u64) -> Result<Seen, Error> {
    let Some(current) = rows.get(tenant, key).map_err(crate::error::storage)? else {
        return Ok(Seen::Elsewhere);
    };
    if current.version == version {
        return Ok(Seen::Here(current));
    }
    if current.is_deleted() {
        return Ok(Seen::Gone);
    }
    let matched = rows.get_version(tenant, key, version).map_err(crate::error::storage)?;
    Ok(matched.map_or(Seen::Elsewhere, Seen::Here))
}

/// The version of a hit that matched; `None` if it is deleted by now.
struct Matched(u64);

impl Look for Matched {
    type Seen = Option<Version>;

    async fn look(
        &self,
        rows: Partition<'_>,
        tenant: TenantId,
        key: &ResourceKey,
    ) -> Result<Option<Option<Version>>, Error> {
        Ok(match seen(rows.tables(), tenant, key, self.0)? {
            Seen::Here(row) => Some(Some(row)),
            Seen::Gone => Some(None),
            Seen::Elsewhere => None,
        })
    }
}

impl Partitions for Engine {
    fn of_slot(&self, slot: Slot) -> Option<(PartitionId, Arc<storage::Partition>)> {
        // They were brought up to date before, whoever leads by now: without them nothing would be found.
        let id = self.partition_of(slot);
        Some((id, self.cluster.group(id)?.partition().clone()))
    }
}
