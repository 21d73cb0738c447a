//! The verbs of one partition: whatever is asked of it is asked here, and who asks cannot tell where its leader is. Today a
//! request is carried out on the node that leads all of them (`service::forward`); the verbs that a leader elsewhere will answer
//! too are `async`.
//!
//! | file | verbs |
//! |---|---|
//! | this one | the handle, proof of leadership, proposals |
//! | [`rows`] | resources, their versions and their places |
//! | [`transactions`] | what is prepared, decided and kept under idempotency keys |
//! | [`adopt`] | what a resource takes along when it moves |

mod adopt;
mod rows;
mod transactions;

#[cfg(test)]
pub(crate) use adopt::adopted;

use cluster::{Cluster, Group};
use proto::{Code, Error, PartitionId, log::v1::Command};
use std::sync::Arc;
use storage::Applied;

/// A partition that has a leader. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Partition<'c> {
    group: &'c Group,
}

impl<'c> Partition<'c> {
    /// # Errors
    /// `Unavailable` while nobody leads it; `Failed` where it has failed for good.
    pub fn of(cluster: &'c Cluster, id: PartitionId) -> Result<Partition<'c>, Error> {
        match cluster.group(id).map(Arc::as_ref) {
            Some(group) if group.is_leader() => Ok(Partition { group }),
            Some(group) => Err(no_leader(group)),
            None => Err(unavailable(id)),
        }
    }

    /// Its number.
    pub fn id(&self) -> PartitionId {
        self.group.id()
    }

    /// Returns once it is proved that its leader still leads: what was read from its tables before is current, since tables
    /// of a leader hold all that was acknowledged, and what is read after it sees all that was acknowledged before.
    ///
    /// # Errors
    /// As [`Partition::of`].
    pub async fn barrier(&self) -> Result<(), Error> {
        self.group.read_barrier().await.map_err(|_| no_leader(self.group))
    }

    /// Proposes a command, which is in the queue behind all earlier ones when this returns; the future resolves when it is
    /// committed, durable, applied and searchable.
    ///
    /// # Errors
    /// `OutcomeUnknown`: it may have been applied, or may yet be. All others: it was not and will not be.
    pub fn propose(&self, command: Command) -> impl Future<Output = Result<Applied, Error>> + Send + use<> {
        let proposed = self.group.propose(command);
        async move { proposed.await.map_err(crate::error::propose) }
    }

    /// The tables, for those who read more than a verb answers: histories, searches, decisions under leases.
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
        format!("partition {partition} has no leader on this node right now; send the request again"),
    )
}
