//! What a node's tables have, read behind its back.

use proto::{CompartmentKey, PartitionId, PartitionMap, ResourceKey, TenantId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use storage::{Partition, Store};
use testkit::simulation::cluster::Placed;

const TENANT: TenantId = TenantId::DEFAULT;

/// A checksum of each partition.
pub fn digests(store: &Store, partitions: u16) -> anyhow::Result<BTreeMap<u32, u32>> {
    let digest = |id: u16| Ok((u32::from(id), store.partition(PartitionId(id))?.digest()?));
    (1..=partitions).map(digest).collect()
}

/// Where each resource is, and where the directory has it.
pub fn places(
    partition: &dyn Fn(u32) -> anyhow::Result<Arc<Partition>>,
    partitions: u16,
) -> anyhow::Result<Vec<Placed>> {
    let mut found: BTreeMap<CompartmentKey, Vec<CompartmentKey>> = BTreeMap::new();
    for id in 1..=partitions {
        let partition = partition(u32::from(id))?;
        let versions = partition.histories()?.all(TENANT)?;
        let keys: BTreeSet<ResourceKey> = versions.into_iter().map(|version| version.key).collect();
        for key in keys {
            if partition.get(TENANT, &key)?.is_some_and(|version| !version.is_deleted()) {
                let own = CompartmentKey::of(TENANT, key.type_code, key.id);
                found.entry(own).or_default().push(key.compartment);
            }
        }
    }
    let placed = |(own, places): (CompartmentKey, Vec<CompartmentKey>)| {
        let home = partition(u32::from(PartitionMap::new(partitions).partition_of(own.slot).0))?;
        let told = home.locate(TENANT, own.slot, own.type_code, &own.id)?.unwrap_or(own);
        let named = |key: &CompartmentKey| format!("{}/{}", key.type_code.0, key.id);
        Ok(Placed { name: named(&own), found: places.iter().map(named).collect(), told: named(&told) })
    };
    found.into_iter().map(placed).collect()
}
