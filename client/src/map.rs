//! What a node told of the cluster, as the way of a call is found in it.

use crate::{api, endpoint::Endpoint};
use proto::{PartitionMap, Slot, TenantId, TypeCode, id::AssignedId};
use std::{collections::BTreeMap, sync::Arc};

/// Who leads which partition, and where those are that can be reached. Never changed: another map takes its place.
#[derive(Debug)]
pub(crate) struct Map {
    slots: PartitionMap,
    partitions: Vec<Partition>,
    types: BTreeMap<String, TypeCode>,
    /// All nodes that can be reached.
    pub(crate) nodes: Vec<Arc<Endpoint>>,
}

#[derive(Debug)]
struct Partition {
    leader: u64,
    /// Its leader, then the others that hold it.
    holders: Vec<Arc<Endpoint>>,
}

impl Map {
    /// Of a node's answer and of the nodes that were reached, by id. `None` where there is nothing to choose.
    pub(crate) fn of(told: &api::MapResponse, reached: &BTreeMap<u64, Arc<Endpoint>>) -> Option<Map> {
        let count = u16::try_from(told.partitions.len()).ok()?;
        if told.nodes.len() < 2 || reached.is_empty() || !(1..=PartitionMap::PARTITIONS_MAX).contains(&count)
        {
            return None;
        }
        let partition = |told: &api::MapPartition| {
            let others = told.replicas.iter().filter(|node| **node != told.leader);
            let holders = std::iter::once(&told.leader).chain(others);
            Partition {
                leader: told.leader,
                holders: holders.filter_map(|node| reached.get(node).cloned()).collect(),
            }
        };
        let code = |known: &api::MapType| Some((known.name.clone(), TypeCode(known.code.try_into().ok()?)));
        Some(Map {
            slots: PartitionMap::new(count),
            partitions: told.partitions.iter().map(partition).collect(),
            types: told.types.iter().filter_map(code).collect(),
            nodes: reached.values().cloned().collect(),
        })
    }

    /// The home slot of a resource. Of another tenant than the default one (`tenant`: `None`) only ids that the server assigned
    /// tell it.
    pub(crate) fn slot(&self, tenant: Option<TenantId>, resource_type: &str, id: &str) -> Option<Slot> {
        match (tenant, self.types.get(resource_type)) {
            (Some(tenant), Some(code)) if !id.is_empty() => Some(proto::id::home_slot(tenant, *code, id)),
            _ => AssignedId::parse(id).map(AssignedId::slot),
        }
    }

    /// Who leads a slot's partition, then the others that hold it.
    pub(crate) fn holders(&self, slot: Slot) -> &[Arc<Endpoint>] {
        self.of_slot(slot).map_or(&[], |partition| &partition.holders)
    }

    /// The node that leads it; 0: none is known.
    pub(crate) fn leader(&self, slot: Slot) -> u64 {
        self.of_slot(slot).map_or(0, |partition| partition.leader)
    }

    fn of_slot(&self, slot: Slot) -> Option<&Partition> {
        // Partitions count from 1.
        self.partitions.get(usize::from(self.slots.partition_of(slot).0) - 1)
    }
}
