//! The node itself: everything below the service trait, wired together.

mod failure;
mod figures;
mod observer;
mod open;
mod options;

pub use open::OpenError;
pub use options::Options;

use crate::{
    clock::Clock,
    compartment::{Directory, Keys},
    conformance::Conformance,
    operation::Threads,
    transaction::{ReferenceCache, Turns},
    writer::{Finished, Tokens, Visibility},
};
use cluster::{Cluster, Group};
use proto::{Code, CompartmentKey, Error, PartitionId, Slot, TenantId};
use std::sync::{Arc, Weak};

/// A running node. Cheap to clone; [`Node::shutdown`] ends it.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

/// What the interactions work with.
pub struct Inner {
    /// Itself, for work that must go on when its caller is gone.
    pub this: Weak<Inner>,
    pub options: Options,
    pub cluster: Cluster,
    pub search: Arc<search::Engine>,
    pub directory: Directory,
    pub keys: Keys,
    pub references: Arc<ReferenceCache>,
    pub clock: Clock,
    pub visibility: Visibility,
    pub turns: Turns,
    pub tokens: Tokens,
    pub finished: Finished,
    pub threads: Threads,
    pub conformance: Conformance,
}

impl Inner {
    /// A handle that keeps the node alive.
    pub fn handle(&self) -> Arc<Inner> {
        self.this.upgrade().expect("a node that is borrowed is alive")
    }

    /// The partition of a slot.
    pub fn partition_of(&self, slot: Slot) -> PartitionId {
        self.cluster.map().partition_of(slot)
    }

    /// The group of a slot, if this node leads it.
    pub fn group_of(&self, slot: Slot) -> Result<&Group, Error> {
        self.group(self.partition_of(slot))
    }

    /// The group of a partition, if this node leads it.
    pub fn group(&self, partition: PartitionId) -> Result<&Group, Error> {
        match self.cluster.group(partition).map(Arc::as_ref) {
            Some(group) if group.is_leader() => Ok(group),
            Some(group) => Err(failure::no_leader(group)),
            None => Err(unavailable(partition)),
        }
    }

    /// The group of a slot, once a read from its tables is linearizable.
    pub async fn readable(&self, slot: Slot) -> Result<&Group, Error> {
        self.leading(self.partition_of(slot)).await
    }

    /// The group of a partition, once it is proved that this node leads it: what was read from its tables before is
    /// current, since tables of a leader hold all that was acknowledged.
    pub async fn leading(&self, partition: PartitionId) -> Result<&Group, Error> {
        let group = self.group(partition)?;
        group.read_barrier().await.map_err(|_| failure::no_leader(group))?;
        Ok(group)
    }

    /// Where `type_code`/`id` lives: what the directory says at its home slot, else its own compartment. `None` where
    /// the directory has no row and the caller has to look under `own`.
    pub fn locate(
        &self,
        home: &Group,
        tenant: TenantId,
        own: CompartmentKey,
    ) -> Result<Option<CompartmentKey>, Error> {
        let located = home.partition().locate(tenant, own.slot, own.type_code, &own.id);
        located.map_err(crate::error::storage)
    }
}

/// No leader here, now.
pub fn unavailable(partition: PartitionId) -> Error {
    Error::new(
        Code::Unavailable,
        format!("partition {partition} has no leader on this node right now; send the request again"),
    )
}
