//! What a node's requests share: its groups, its actors, its search, what it knows of criteria and transactions under way.
//! Nothing here calls what is above it.

mod at_work;
mod bases;
mod doors;
mod finished;
mod level;
mod options;
mod parameters;
mod references;
mod task;
mod tenants;
mod threads;
mod tokens;
mod turns;
mod visibility;

pub use at_work::AT_WORK;
pub use bases::OwnBases;
pub use doors::Doors;
pub use finished::Finished;
pub use level::Level;
pub use options::Options;
pub use parameters::{Parameters, WALKS_MAX};
pub use references::ReferenceCache;
pub use task::to_its_end;
pub use tenants::{TENANTS, Tenants};
pub use threads::Threads;
pub use tokens::{Owner, Tokens};
pub use turns::{Turn, Turns};
pub use visibility::{Moment, Showing, Visibility};

use crate::{
    clock::Clock,
    compartment::{Actors, Keys},
    conformance::Conformance,
    partition::{self, Partition},
};
use cluster::{Cluster, Entropy};
use proto::{Error, PartitionId, Slot};
use std::sync::{Arc, Weak};
use tokio::sync::Semaphore;

/// The shared state of a running node.
pub struct Engine {
    /// Itself, for work that must go on when its caller is gone.
    pub this: Weak<Engine>,
    pub options: Options,
    pub cluster: Cluster,
    pub search: Arc<search::Engine>,
    pub actors: Actors,
    pub keys: Keys,
    pub references: Arc<ReferenceCache>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub visibility: Arc<Visibility>,
    pub turns: Turns,
    pub tokens: Tokens,
    pub finished: Finished,
    pub threads: Threads,
    pub conformance: Conformance,
    pub doors: Doors,
    pub parameters: Parameters,
    pub tenants: Tenants,
    /// Of the default tenant.
    pub bases: Arc<OwnBases>,
    /// A permit for each stream of a backup.
    pub backups: Arc<Semaphore>,
}

impl Engine {
    /// A handle that keeps the node alive.
    pub fn handle(&self) -> Arc<Engine> {
        self.this.upgrade().expect("a node that is borrowed is alive")
    }

    /// All partitions, in order.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> + Clone + use<> {
        self.cluster.map().partitions()
    }

    /// The partition of a slot.
    pub fn partition_of(&self, slot: Slot) -> PartitionId {
        self.cluster.map().partition_of(slot)
    }

    /// The verbs of a partition that this node leads, with everything of earlier leaders applied.
    ///
    /// # Errors
    /// `Unavailable` where it does not; `Failed` where it has failed for good.
    pub fn led_here(&self, partition: PartitionId) -> Result<Partition<'_>, Error> {
        Partition::led_here(&self.cluster, partition)
    }

    /// These partitions, each once its rows here hold everything that was acknowledged before the call. One without a replica
    /// here answers for itself: what is read of it is current.
    ///
    /// # Errors
    /// As [`Engine::current`].
    pub async fn all_of(
        &self,
        partitions: impl Iterator<Item = PartitionId>,
    ) -> Result<Vec<Partition<'_>>, Error> {
        partition::current(&self.cluster, partitions).await
    }

    /// The same where the rows here are read themselves.
    ///
    /// # Errors
    /// As [`Engine::current`]; `Unavailable` where there is no replica here any more.
    pub async fn all_here(
        &self,
        partitions: impl Iterator<Item = PartitionId>,
    ) -> Result<Vec<Partition<'_>>, Error> {
        let all = self.all_of(partitions).await?;
        all.iter().try_for_each(|partition| partition.rows_here().map(drop))?;
        Ok(all)
    }

    /// The verbs of a partition.
    ///
    /// # Errors
    /// `Unavailable` while nobody leads it; `Failed` where it has failed for good.
    pub fn partition(&self, partition: PartitionId) -> Result<Partition<'_>, Error> {
        Partition::of(&self.cluster, partition)
    }

    /// The same of the partition of a slot.
    ///
    /// # Errors
    /// As [`Engine::partition`].
    #[cfg(test)]
    pub fn at(&self, slot: Slot) -> Result<Partition<'_>, Error> {
        self.partition(self.partition_of(slot))
    }

    /// The partition, once it is proved that its leader still leads: what is read from now on sees everything that was
    /// acknowledged.
    ///
    /// # Errors
    /// As [`Engine::partition`].
    pub async fn current(&self, partition: PartitionId) -> Result<Partition<'_>, Error> {
        let partition = self.partition(partition)?;
        partition.barrier().await?;
        Ok(partition)
    }

    /// The same of the partition of a slot.
    ///
    /// # Errors
    /// As [`Engine::partition`].
    pub async fn current_at(&self, slot: Slot) -> Result<Partition<'_>, Error> {
        self.current(self.partition_of(slot)).await
    }
}
