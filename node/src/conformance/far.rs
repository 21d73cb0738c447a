//! Definitions in partitions that other nodes hold: all of them, bodies included, as their leaders told them last.

use super::index::{Index, Place};
use bytes::Bytes;
use fhir::{conformance::Canonical, definitions::ResourceType};
use parking_lot::RwLock;
use proto::{PartitionId, ResourceKey, TenantId};
use rustc_hash::FxHashMap;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};
use storage::Version;

/// How much of a partition's definitions is known: those of a process, after so many changes there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub life: u64,
    pub changes: u64,
}

/// One of them, as it is stored.
#[derive(Clone, Debug)]
pub struct Definition {
    pub tenant: TenantId,
    pub row: Version,
    pub index_values: Bytes,
}

/// Of a version.
pub type Key = (TenantId, ResourceKey, u64);

/// See the module.
#[derive(Default)]
pub struct Far {
    told: RwLock<BTreeMap<PartitionId, Told>>,
    /// Of these what was told counts, and not what a replica here has, which may be left over, or on its way. In order.
    resting: RwLock<Vec<PartitionId>>,
    revision: AtomicU64,
}

/// Of one partition.
#[derive(Default)]
struct Told {
    known: Known,
    tenants: FxHashMap<TenantId, Index>,
    bodies: FxHashMap<Key, Bytes>,
}

impl Far {
    /// What is known of a partition.
    pub fn known(&self, partition: PartitionId) -> Known {
        self.told.read().get(&partition).map(|told| told.known).unwrap_or_default()
    }

    /// Takes on all definitions of a partition, in place of those that were known; what is older than them is left.
    pub fn take(&self, partition: PartitionId, known: Known, definitions: Vec<Definition>) {
        let mut told = Told { known, ..Told::default() };
        for Definition { tenant, row, index_values } in definitions {
            let place = Place {
                partition,
                key: row.key,
                row_version: row.version,
                last_updated_ms: row.last_updated_ms,
                version: Box::default(),
            };
            told.tenants.entry(tenant).or_default().put(place, &index_values);
            told.bodies.insert((tenant, row.key, row.version), row.body);
        }
        let mut all = self.told.write();
        let is_newer = |old: &Told| old.known.life != known.life || old.known.changes <= known.changes;
        if all.get(&partition).is_none_or(is_newer) {
            self.revision.fetch_add(1, Ordering::AcqRel);
            all.insert(partition, told);
        }
    }

    /// From now on what was told of these, and of no others, counts.
    pub fn rest_on(&self, partitions: &[PartitionId]) {
        if *self.resting.read() != partitions {
            self.revision.fetch_add(1, Ordering::AcqRel);
            *self.resting.write() = partitions.to_vec();
        }
    }

    /// Whether what was told of a partition counts.
    pub fn rests_on(&self, partition: PartitionId) -> bool {
        self.resting.read().contains(&partition)
    }

    /// Rises before anything else changes.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// The resource of that URL: of the version, else the best.
    pub fn find(
        &self,
        tenant: TenantId,
        resource_type: ResourceType,
        url: &str,
        version: Option<&str>,
    ) -> Option<Place> {
        let (told, resting) = (self.told.read(), self.resting.read());
        let indexes = resting.iter().filter_map(|partition| told.get(partition)?.tenants.get(&tenant));
        let found = indexes.filter_map(|index| index.find(resource_type, url, version, |_| true));
        found.max_by(|one, other| one.order(other)).cloned()
    }

    /// All of a type.
    pub fn canonicals(&self, tenant: TenantId, resource_type: ResourceType) -> Vec<Canonical> {
        let (told, resting) = (self.told.read(), self.resting.read());
        let indexes = resting.iter().filter_map(|partition| told.get(partition)?.tenants.get(&tenant));
        indexes.flat_map(|index| index.canonicals(resource_type, |_| true)).collect()
    }

    /// The body of a version, where it was told and counts.
    pub fn body(&self, partition: PartitionId, key: &Key) -> Option<Bytes> {
        match self.rests_on(partition) {
            true => self.told.read().get(&partition)?.bodies.get(key).cloned(),
            false => None,
        }
    }
}
