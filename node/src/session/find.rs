//! Searches over the partitions, and the rows of their hits.

use super::{Look, Session};
use crate::{
    engine::Engine,
    host::aside,
    partition::{Partition, Seen, seen},
};
use fhir::definitions::ResourceType;
use futures::future::try_join_all;
use proto::{Error, PartitionId, ResourceKey, Slot, TenantId, internal::v1 as wire};
use search::{Gather, Hit, Page, Part, PartitionSet, Partitions, Query, Scope, Start};
use std::{collections::BTreeMap, sync::Arc};
use storage::Version;

/// A search as it was compiled, and as it was asked, for other nodes that look for a part of it.
#[derive(Clone, Debug)]
pub struct Search {
    pub query: Query,
    /// `None`: this node was alone.
    pub asked: Option<Box<wire::SearchLook>>,
}

impl Session<'_> {
    /// Whether there is no other node.
    pub fn is_alone(self) -> bool {
        self.engine.cluster.is_alone()
    }

    /// Whether searches are answered by this node alone.
    pub fn searches_alone(self) -> bool {
        self.engine.cluster.is_alone() || self.engine.cluster.holds_all()
    }

    /// The page of a query at `cursor`, the first without one, after everything acknowledged so far is in reach.
    ///
    /// # Errors
    /// The search's own; `Unavailable` while a partition it needs has no leader.
    pub async fn search(self, search: &Search, cursor: Option<&str>) -> Result<Page, Error> {
        let page = self.search_once(search, cursor).await?;
        self.check_meaning(&search.query).await?;
        Ok(page)
    }

    /// What all matches of a search are, or what they refer to: each resource once, by hash, sorted. After everything acknowledged so far is
    /// in reach, and of one moment.
    ///
    /// # Errors
    /// `TooCostly` where they are more than `max`; those of searches.
    pub async fn gather(self, search: &Search, wanted: Gather, max: usize) -> Result<Vec<u64>, Error> {
        let here = || self.gather_here(&search.query, None, wanted, max);
        let gathered = match self.is_by_one(&search.query).await? {
            true => here(),
            false if self.searches_alone() => self.at_a_moment(here).await,
            false => Box::pin(self.gather_everywhere(search, wanted, max)).await,
        }?;
        self.check_meaning(&search.query).await?;
        Ok(gathered)
    }

    async fn search_once(self, search: &Search, cursor: Option<&str>) -> Result<Page, Error> {
        let here = || self.page(&search.query, cursor);
        match self.is_by_one(&search.query).await? {
            true => here(),
            false if self.searches_alone() => self.at_a_moment(here).await,
            false => Box::pin(self.search_everywhere(search, cursor)).await,
        }
    }

    /// Whether a search is of one compartment whose rows are here; as current then as was asked for.
    async fn is_by_one(self, query: &Query) -> Result<bool, Error> {
        let Scope::Compartment(compartment) = query.scope() else { return Ok(false) };
        let partition = self.engine.partition_of(compartment.slot);
        if self.read_before(partition)?.is_none() {
            return Ok(false);
        }
        match self.context.stale {
            Some(_) => drop(self.readable(partition).await?),
            None => self.settle_these(std::iter::once(partition)).await?,
        }
        Ok(true)
    }

    /// What the partitions `only`, or all, which have replicas here, have to what is gathered.
    pub(super) fn gather_here(
        self,
        query: &Query,
        only: Option<&PartitionSet>,
        wanted: Gather,
        max: usize,
    ) -> Result<Vec<u64>, Error> {
        aside(|| self.engine.search.gather(self.engine, query, only, wanted, max)).map_err(Error::from)
    }

    fn page(self, query: &Query, cursor: Option<&str>) -> Result<Page, Error> {
        // A search may take milliseconds of CPU: it does not hold up the other tasks of its thread.
        aside(|| self.engine.search.answer(self.engine, query, cursor)).map_err(Error::from)
    }

    /// What the partitions `only`, which have replicas here, have to a page.
    pub(super) fn part(
        self,
        query: &Query,
        only: &PartitionSet,
        start: Option<&Start>,
    ) -> Result<Part, Error> {
        aside(|| self.engine.search.part(self.engine, query, only, start)).map_err(Error::from)
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
        let far = self.rows_far(hits).await?;
        let rows = || self.rows_here(hits, far, &show);
        let (mut shown, moved) = match hits.len() > LARGE_PAGE {
            true => aside(rows),
            false => rows(),
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
        mut far: Far,
        show: &impl Fn(&Hit, Version) -> Result<T, Error>,
    ) -> Result<(Vec<Option<T>>, bool), Error> {
        let mut shown = Vec::with_capacity(hits.len());
        for (place, hit) in hits.iter().enumerate() {
            let seen = match far.remove(&place) {
                Some(seen) => seen,
                None => match self.read_before(hit.partition)? {
                    Some(rows) => {
                        seen(rows, self.tenant(), &hit.key, hit.version).map_err(crate::error::storage)?
                    }
                    // It was here a moment ago.
                    None => Seen::Elsewhere,
                },
            };
            shown.push(match seen {
                Seen::Here(row) => Some(show(hit, row)?),
                Seen::Gone => None,
                Seen::Elsewhere => return Ok((shown, true)),
            });
        }
        Ok((shown, false))
    }

    /// What partitions without a replica here have of the hits, each asked once.
    async fn rows_far(self, hits: &[Hit]) -> Result<Far, Error> {
        if self.searches_alone() {
            return Ok(Far::new());
        }
        let mut far: BTreeMap<PartitionId, Vec<usize>> = BTreeMap::new();
        for (place, hit) in hits.iter().enumerate() {
            if self.read_before(hit.partition)?.is_none() {
                far.entry(hit.partition).or_default().push(place);
            }
        }
        let asked = far.into_iter().map(|(partition, places)| async move {
            let wanted: Vec<_> =
                places.iter().map(|place| (hits[*place].key, hits[*place].version)).collect();
            let seen = self.engine.partition(partition)?.seen(self.tenant(), &wanted).await?;
            for seen in &seen {
                if let Seen::Here(row) = seen {
                    self.context.share.take(row.body.len())?;
                }
            }
            Ok::<_, Error>(places.into_iter().zip(seen).collect::<Vec<_>>())
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    /// The version that matched, wherever its resource went with its history; `None` if it is deleted by now.
    async fn follow(self, hit: &Hit) -> Result<Option<Version>, Error> {
        let resource_type = ResourceType::from_code(hit.key.type_code.0);
        let Some(resource_type) = resource_type else { return Ok(None) };
        Ok(self.look(resource_type, hit.key.id, &Matched(hit.version)).await?.flatten())
    }

    /// All partitions, in order.
    pub fn partitions(self) -> Vec<PartitionId> {
        self.engine.partitions().collect()
    }

    /// The tables of these partitions.
    ///
    /// # Errors
    /// `Unavailable` while one has no leader, or no replica here.
    pub fn replicas(
        self,
        partitions: &[PartitionId],
    ) -> Result<Vec<(PartitionId, Arc<storage::Partition>)>, Error> {
        let one = |id: &PartitionId| Ok((*id, self.engine.partition(*id)?.rows_here()?.clone()));
        partitions.iter().map(one).collect()
    }
}

/// By the places of the hits.
type Far = BTreeMap<usize, Seen>;

/// The rows of more hits take longer than the other tasks of a thread should wait.
const LARGE_PAGE: usize = 20;

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
        let seen = rows.seen(tenant, &[(*key, self.0)]).await?.pop();
        Ok(match seen.unwrap_or(Seen::Elsewhere) {
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
