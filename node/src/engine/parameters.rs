//! Search parameters that are not FHIR's own, as the cluster agreed on them, compiled.

use super::Engine;
use fhir::{
    definitions::ParamId,
    index::custom::{Definition, Entry, Set},
};
use parking_lot::RwLock;
use proto::{
    Code, Error, PartitionId, TenantId,
    log::v1::{MetaIndexing, MetaParameters, MetaPartitionIndexed},
};
use rustc_hash::FxHashMap;

/// Walks over the rows that may be under way, or before them.
pub use cluster::WALKS_MAX;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// What each tenant has, as of what was last agreed on.
#[derive(Default)]
pub struct Parameters {
    /// The change of the agreed state that `tenants` is of, counted from 1; 0: none yet.
    seen: AtomicU64,
    tenants: RwLock<FxHashMap<TenantId, Known>>,
}

struct Known {
    revision: u64,
    generation: u32,
    set: Arc<Set>,
}

impl Engine {
    /// The tenant's search parameters beside FHIR's own; `None`: it never had any.
    pub fn parameters(&self, tenant: TenantId) -> Option<Arc<Set>> {
        let agreed = self.cluster.agreed() + 1;
        if self.parameters.seen.load(Ordering::Acquire) != agreed {
            self.read_parameters();
            self.parameters.seen.store(agreed, Ordering::Release);
        }
        self.parameters.tenants.read().get(&tenant).map(|known| known.set.clone())
    }

    fn read_parameters(&self) {
        let there = self.cluster.indexed_tenants();
        self.parameters.tenants.write().retain(|tenant, _| there.contains(tenant));
        for tenant in there {
            let own = self.cluster.indexing(tenant);
            let is_known =
                |known: &Known| known.revision >= own.revision && known.generation >= own.generation;
            let mut tenants = self.parameters.tenants.write();
            if !tenants.get(&tenant).is_some_and(is_known) {
                let (revision, generation) = (own.revision, own.generation);
                tenants.insert(tenant, Known { revision, generation, set: Arc::new(compile(tenant, own)) });
            }
        }
    }

    /// The generation of index values that are made here now.
    pub fn generation(&self, tenant: TenantId) -> u32 {
        self.parameters(tenant).map_or(0, |set| set.generation())
    }

    /// What the cluster agreed on about the tenant's search parameters, and how far its rows are.
    pub fn indexing(&self, tenant: TenantId) -> MetaIndexing {
        self.cluster.indexing(tenant)
    }

    /// How much of the way to what was agreed on is done, in thousandths.
    pub fn reindexed(&self, tenant: TenantId) -> u64 {
        let indexing = self.indexing(tenant);
        let far = |partition: PartitionId| {
            let told = indexing.partitions.iter().find(|one| one.partition == u32::from(partition.0));
            match told {
                _ if indexing.generation == 0 => 1000,
                Some(told) if told.generation >= indexing.generation => 1000,
                Some(told) => u64::from(told.permille.min(999)),
                None => 0,
            }
        };
        self.partitions().map(far).sum::<u64>() / self.partitions().count().max(1) as u64
    }

    /// Has all that was agreed on before be known here.
    ///
    /// # Errors
    /// `Unavailable` while nobody leads the meta group.
    pub async fn learn(&self) -> Result<(), Error> {
        self.cluster.learn().await.map_err(|error| not_agreed(&error))
    }

    /// Has other search parameters be agreed on, unless somebody else's came first.
    ///
    /// # Errors
    /// As [`Engine::learn`].
    pub async fn change_parameters(&self, change: MetaParameters) -> Result<(), Error> {
        self.cluster.change_parameters(change).await.map_err(|error| not_agreed(&error))
    }

    /// Tells how far partitions are that this node leads.
    ///
    /// # Errors
    /// As [`Engine::learn`].
    pub async fn tell_indexed(&self, tenant: TenantId, far: Vec<MetaPartitionIndexed>) -> Result<(), Error> {
        self.cluster.tell_indexed(tenant, far).await.map_err(|error| not_agreed(&error))
    }
}

fn not_agreed(error: &impl std::fmt::Display) -> Error {
    Error::new(Code::Unavailable, format!("the nodes cannot agree on search parameters now: {error}"))
}

fn compile(tenant: TenantId, own: MetaIndexing) -> Set {
    let mut generation = own.generation;
    let mut entries = Vec::with_capacity(own.parameters.len());
    for one in own.parameters {
        match Definition::parse(&one.definition) {
            Ok(definition) => {
                entries.push(Entry { id: ParamId(one.number as u16), definition, serves: one.serves });
            }
            Err(refusal) => {
                // Values that lack it must get nowhere: partitions refuse those of an older generation.
                generation = generation.min(one.generation.saturating_sub(1));
                tracing::error!(tenant = tenant.0, url = one.url, %refusal, "a search parameter that was agreed on cannot be carried out here");
            }
        }
    }
    let (set, left_out) = Set::new(generation, entries);
    for (url, why) in left_out {
        tracing::error!(tenant = tenant.0, %url, why, "a search parameter that was agreed on cannot be carried out here");
    }
    set
}
