//! A search that several nodes answer, each for some of the partitions: parts of a page, and the page made of them.

use crate::engine::Engine;
use crate::error::Result;
use crate::local::{Partitions, compartment};
use crate::page::{Hit, Page, cut, sort_hash};
use crate::query::{Query, Scope};
use crate::set::PartitionSet;
use crate::start::Start;
use proto::id::{PartitionId, ResourceKey, TenantId};

/// What some partitions have to a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The hits nearest to where the page begins, sorted, perhaps some more than were asked for.
    pub hits: Vec<Hit>,
    /// All matches in these partitions, where they were counted.
    pub total: Option<u64>,
}

impl Hit {
    /// One that another node found for `tenant`, at [`Hit::place`] in the order asked for.
    pub fn told(
        tenant: TenantId,
        partition: PartitionId,
        key: ResourceKey,
        (version, last_updated_ms): (u64, u64),
        order: Box<[u8]>,
    ) -> Hit {
        let hash = sort_hash(tenant, key.type_code, key.id.as_str());
        Hit { partition, key, version, last_updated_ms, hash, order }
    }

    /// Its key in the order asked for; empty in the default order.
    pub fn order(&self) -> &[u8] {
        &self.order
    }
}

impl Engine {
    /// What the partitions `only` have to the page at `start`, else to the first one. Their replicas are here, and current.
    ///
    /// # Errors
    /// [`crate::Error::TooMany`] over [`crate::MATCHES_MAX`] in one compartment; storage and index errors.
    pub fn part(
        &self,
        partitions: &dyn Partitions,
        query: &Query,
        only: &PartitionSet,
        start: Option<&Start>,
    ) -> Result<Part> {
        let Scope::Compartment(key) = query.scope() else {
            // Whatever the rows could tell, the index can: ids and members may be in any of the partitions.
            let tell = query.tells(start);
            let (hits, total) = self.collect(query, Some(only), start, query.hits_wanted(), tell)?;
            return Ok(Part { hits, total });
        };
        let mut hits = compartment(partitions, query, key)?;
        hits.retain(|hit| only.contains(hit.partition));
        let total = query.known(hits.len());
        hits.retain(|hit| start.is_none_or(|start| start.lets(hit)));
        cut(&mut hits, query.hits_wanted(), start.is_some_and(|start| start.is_back));
        Ok(Part { hits, total })
    }

    /// The page at `start`, else the first one, that parts of all partitions make, which were taken at one moment.
    pub fn merged(&self, query: &Query, start: Option<&Start>, parts: Vec<Part>) -> Page {
        let total = parts.iter().map(|part| part.total).sum();
        let hits = parts.into_iter().flat_map(|part| part.hits).collect();
        self.page_of(query, start, hits, total)
    }
}
