//! The verbs of one partition: whatever is asked of it is asked here, and who asks cannot tell where its leader is. Rows are
//! read from the replica here, once it has all that was acknowledged, and where there is none from the leader; what is written
//! is proposed where the leader is.
//!
//! | file | verbs |
//! |---|---|
//! | this one | the handle, proof of leadership, proposals |
//! | [`rows`] | resources, their versions and their places |
//! | [`transactions`] | what is prepared, decided and kept under idempotency keys |
//! | [`adopt`] | what a resource takes along when it moves |
//! | [`remote`] | what is asked of a leader elsewhere, and answered for others: positions, proposals |
//! | [`far`], [`answers`] | the verbs of a partition that has no replica here, and their answers to others |
//! | [`guess`] | who leads it |
//! | [`aged`] | how old what is here may be |
//! | [`seen`] | what one replica says of a resource at one moment |
//! | [`ask`] | a question to another node |
//! | [`applied`], [`told`] | outcomes, rows and hits on their way |

mod adopt;
mod aged;
mod answers;
mod applied;
mod ask;
mod far;
mod guess;
mod remote;
mod rows;
mod seen;
mod told;
mod transactions;

#[cfg(test)]
pub(crate) use adopt::adopted;
pub use aged::prove_all;
pub use applied::{applied_from, applied_to, compartment_from, id_from, key_from};
pub use ask::{Twice, ask, ask_aged, incomplete, question, unreadable};
pub use guess::{ANSWER, ask_all, led_by_others, split};
pub use remote::{answer, current};
pub use seen::{Seen, State, seen, state};
pub use told::{
    digest_from, digest_to, hit_from, hit_to, looked_from, looked_to, start_from, start_to, version_from,
    version_to,
};

use cluster::{Cluster, Group};
use futures::future::Either;
use proto::{Code, Error, PartitionId, log::v1::Command};
use std::sync::Arc;
use storage::Applied;

/// A partition that has a leader. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Partition<'c> {
    cluster: &'c Cluster,
    id: PartitionId,
    /// The group here, where its rows are ones to answer from.
    group: Option<&'c Group>,
    /// `None`: this node, or nobody is asked. Where there is no replica here it is a guess.
    leader: Option<u64>,
}

impl<'c> Partition<'c> {
    /// # Errors
    /// `Unavailable` while nobody leads it; `Failed` where it has failed for good.
    pub fn of(cluster: &'c Cluster, id: PartitionId) -> Result<Partition<'c>, Error> {
        let group = cluster.group(id).map(Arc::as_ref).ok_or_else(|| unavailable(id))?;
        if group.is_leader() {
            return Ok(Partition { cluster, id, group: Some(group), leader: None });
        }
        if group.failure().is_some() {
            return Err(no_leader(group));
        }
        let (group, leader) = match cluster.holds(id) {
            true => (Some(group), group.leader().filter(|leader| *leader != cluster.node_id())),
            false => (None, cluster.leader_elsewhere(id)),
        };
        match leader {
            Some(_) => Ok(Partition { cluster, id, group, leader }),
            None => Err(unavailable(id)),
        }
    }

    /// The same of one that this node leads.
    ///
    /// # Errors
    /// `Unavailable` where it does not; `Failed` where it has failed for good.
    pub fn led_here(cluster: &'c Cluster, id: PartitionId) -> Result<Partition<'c>, Error> {
        match cluster.group(id).map(Arc::as_ref) {
            Some(group) if group.is_leader() => {
                Ok(Partition { cluster, id, group: Some(group), leader: None })
            }
            Some(group) => Err(no_leader(group)),
            None => Err(unavailable(id)),
        }
    }

    /// Its number.
    pub fn id(&self) -> PartitionId {
        self.id
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
        match (self.leader, self.group) {
            (None, Some(group)) => group.read_barrier().await.map_err(|_| no_leader(group)),
            (Some(leader), Some(_)) => Box::pin(remote::catch_up(self.cluster, leader, &[self.id])).await,
            // Whoever leads proves it with each answer.
            (_, None) => Ok(()),
        }
    }

    /// Proposes a command, which is in the queue behind all earlier ones when this returns, or on its way to the leader; the
    /// future resolves when it is committed, durable, and applied and searchable where it leads.
    ///
    /// # Errors
    /// `OutcomeUnknown`: it may have been applied, or may yet be. All others: it was not and will not be.
    pub fn propose(&self, command: Command) -> impl Future<Output = Result<Applied, Error>> + Send + use<> {
        match (self.leader, self.group) {
            (None, Some(group)) => {
                let proposed = group.propose(command);
                Either::Left(async move { proposed.await.map_err(crate::error::propose) })
            }
            (leader, _) => {
                let leader = leader.unwrap_or_default();
                Either::Right(remote::propose(self.cluster, leader, self.id, command))
            }
        }
    }

    /// The tables of the replica here.
    ///
    /// # Errors
    /// `Unavailable` where there is none: until a moment ago there was one.
    pub fn rows_here(&self) -> Result<&'c Arc<storage::Partition>, Error> {
        let missing = || {
            let text = format!("the replica of {} is not here any more; send the request again", self.id);
            Error::new(Code::Unavailable, text)
        };
        self.replica().ok_or_else(missing)
    }

    /// Whether searches find here what the rows hold.
    ///
    /// # Errors
    /// `Unavailable` while the index is rebuilt from rows of another node.
    pub fn indexed(self) -> Result<Self, Error> {
        match self.group.is_some_and(Group::is_rebuilding) {
            true => {
                let text = format!("the index of {} is rebuilt; send the request again", self.id);
                Err(Error::new(Code::Unavailable, text))
            }
            false => Ok(self),
        }
    }

    /// The tables of the replica here, if there is one, for those who read more than a verb answers: searches and histories.
    pub fn replica(&self) -> Option<&'c Arc<storage::Partition>> {
        self.group.map(Group::partition)
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
