//! The verbs of one partition: whatever is asked of it is asked here, and who asks cannot tell where its leader is. Rows are
//! read from the replica here, once it has all that was acknowledged; what is written is proposed where the leader is.
//!
//! | file | verbs |
//! |---|---|
//! | this one | the handle, proof of leadership, proposals |
//! | [`rows`] | resources, their versions and their places |
//! | [`transactions`] | what is prepared, decided and kept under idempotency keys |
//! | [`adopt`] | what a resource takes along when it moves |
//! | [`remote`] | what is asked of a leader elsewhere, and answered for others: positions, proposals |
//! | [`ask`], [`applied`] | a question to another node; outcomes on their way |

mod adopt;
mod applied;
mod ask;
mod remote;
mod rows;
mod transactions;

#[cfg(test)]
pub(crate) use adopt::adopted;
pub use applied::{applied_from, applied_to, compartment_from, id_from, key_from};
pub use ask::{Twice, ask, incomplete, question, unreadable};
pub use remote::{answer, current};

use cluster::{Cluster, Group};
use futures::future::Either;
use proto::{Code, Error, PartitionId, log::v1::Command};
use std::sync::Arc;
use storage::Applied;

/// A partition that has a leader, and a replica here. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Partition<'c> {
    cluster: &'c Cluster,
    group: &'c Group,
    leader: Option<u64>,
}

impl<'c> Partition<'c> {
    /// # Errors
    /// `Unavailable` while nobody leads it, or there is no replica here; `Failed` where it has failed for good.
    pub fn of(cluster: &'c Cluster, id: PartitionId) -> Result<Partition<'c>, Error> {
        let group = cluster.group(id).map(Arc::as_ref).ok_or_else(|| unavailable(id))?;
        if group.is_leader() {
            return Ok(Partition { cluster, group, leader: None });
        }
        let other = group.leader().filter(|leader| *leader != cluster.node_id());
        match other.filter(|_| group.failure().is_none()) {
            Some(leader) => Ok(Partition { cluster, group, leader: Some(leader) }),
            None => Err(no_leader(group)),
        }
    }

    /// The same of one that this node leads.
    ///
    /// # Errors
    /// `Unavailable` where it does not; `Failed` where it has failed for good.
    pub fn led_here(cluster: &'c Cluster, id: PartitionId) -> Result<Partition<'c>, Error> {
        match cluster.group(id).map(Arc::as_ref) {
            Some(group) if group.is_leader() => Ok(Partition { cluster, group, leader: None }),
            Some(group) => Err(no_leader(group)),
            None => Err(unavailable(id)),
        }
    }

    /// Its number.
    pub fn id(&self) -> PartitionId {
        self.group.id()
    }

    /// The node that leads it; `None`: this one.
    pub fn leader(&self) -> Option<u64> {
        self.leader
    }

    /// Returns once it is proved that its leader still leads and what was acknowledged before the call is here: what is read
    /// after it sees all of that. Where it leads itself, what was read before is current, too.
    ///
    /// # Errors
    /// As [`Partition::of`]; `Unavailable` where the replica here is far behind.
    pub async fn barrier(&self) -> Result<(), Error> {
        match self.leader {
            None => self.group.read_barrier().await.map_err(|_| no_leader(self.group)),
            Some(_) => Box::pin(current(self.cluster, std::iter::once(self.id()))).await,
        }
    }

    /// Proposes a command, which is in the queue behind all earlier ones when this returns, or on its way to the leader; the
    /// future resolves when it is committed, durable, and applied and searchable where it leads.
    ///
    /// # Errors
    /// `OutcomeUnknown`: it may have been applied, or may yet be. All others: it was not and will not be.
    pub fn propose(&self, command: Command) -> impl Future<Output = Result<Applied, Error>> + Send + use<> {
        match self.leader {
            None => {
                let proposed = self.group.propose(command);
                Either::Left(async move { proposed.await.map_err(crate::error::propose) })
            }
            Some(node) => Either::Right(remote::propose(self.cluster, node, self.id(), command)),
        }
    }

    /// The tables of the replica here, for those who read more than a verb answers: histories, searches, decisions under leases.
    pub fn tables(&self) -> &'c Arc<storage::Partition> {
        self.group.partition()
    }
}

/// Why a group does not serve here: it has no leader now, or it will never have one again.
fn no_leader(group: &Group) -> Error {
    match group.failure() {
        Some(reason) => failed(group.id(), &reason),
        None => unavailable(group.id()),
    }
}

/// Sending the request again does not help.
fn failed(partition: PartitionId, reason: &str) -> Error {
    Error::new(
        Code::Failed,
        format!("partition {partition} has failed until the node is started again: {reason}"),
    )
}

/// No leader here, now.
fn unavailable(partition: PartitionId) -> Error {
    Error::new(
        Code::Unavailable,
        format!("partition {partition} has no leader right now; send the request again"),
    )
}
