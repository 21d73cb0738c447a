//! A caller's handle of one partition's group.

use crate::admission::{Admission, Permit};
use crate::error::{ProposeError, ReadError};
use crate::meters::Meters;
use crate::raft::{Handle, Proposal, Proposed};
use crate::witness::Witness;
use parking_lot::Mutex;
use prost::Message;
use proto::PartitionId;
use proto::log::v1::Command;
use std::sync::Arc;
use std::time::Duration;
use storage::{Applied, Partition};
use tokio::time::Instant;

/// One partition's Raft group on this node.
pub struct Group {
    pub(crate) id: PartitionId,
    pub(crate) partition: Arc<Partition>,
    pub(crate) raft: Handle,
    pub(crate) admission: Arc<Admission>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) proved: Mutex<Option<Instant>>,
}

impl Group {
    /// Which partition this is.
    pub fn id(&self) -> PartitionId {
        self.id
    }

    /// The partition's tables. Reads of them are linearizable after [`Group::read_barrier`].
    pub fn partition(&self) -> &Arc<Partition> {
        &self.partition
    }

    /// Proposes a command. It is in the group's queue, behind all earlier ones, when this returns; the future
    /// resolves when it is committed, durable, applied and seen by the observer. Dropping the future changes nothing.
    ///
    /// # Errors
    /// See [`ProposeError`]; all but `Unknown` mean that it was not and will not be applied.
    pub fn propose(
        &self,
        command: Command,
    ) -> impl Future<Output = Result<Applied, ProposeError>> + Send + use<> {
        let proposed = self.enqueue(command);
        async move { proposed?.outcome().await }
    }

    /// The same, for a proposer that does not wait: `witness` is told the outcome, whoever still listens.
    ///
    /// # Errors
    /// It was not put into the queue and never will be applied; what the witness is told does not matter then.
    pub fn propose_before(&self, command: Command, witness: Arc<dyn Witness>) -> Result<(), ProposeError> {
        self.enqueue_with(command, |raft, proposal, permit| raft.propose_before(proposal, permit, witness))
    }

    fn enqueue(&self, command: Command) -> Result<Proposed, ProposeError> {
        self.enqueue_with(command, Handle::propose)
    }

    fn enqueue_with<P>(
        &self,
        command: Command,
        propose: impl FnOnce(&Handle, Proposal, Permit) -> Result<P, ProposeError>,
    ) -> Result<P, ProposeError> {
        self.meters.proposals.increment(1);
        // What no replica can apply must not be in the log for ever.
        let checked = storage::check(&command).map_err(|error| ProposeError::Malformed(error.to_string()));
        let permit = checked.and_then(|()| self.admission.admit(command.encoded_len()));
        // Encoded here, by the proposer: the group's one task has enough to do.
        let proposed = permit.and_then(|permit| propose(&self.raft, Proposal::partition(command), permit));
        if proposed.is_err() {
            self.meters.rejected.increment(1);
        }
        proposed
    }

    /// After this, a read of [`Group::partition`] sees every write that was acknowledged before the call.
    pub async fn read_barrier(&self) -> Result<(), ReadError> {
        self.raft.read_barrier().await
    }

    /// How many entries a replica of the partition must have to have all that was acknowledged before the call.
    ///
    /// # Errors
    /// This node does not lead it, or cannot prove that it does.
    pub async fn position(&self) -> Result<u64, ReadError> {
        self.raft.position().await
    }

    /// Waits until so many entries are in the tables here and heard by the observer; `false` where that took too long.
    pub async fn reached(&self, entries: u64, within: Duration) -> bool {
        self.raft.reached(entries, within).await
    }

    /// The replica here has all that was acknowledged before `at`, as its leader proved.
    pub fn was_current(&self, at: Instant) {
        let mut proved = self.proved.lock();
        *proved = proved.max(Some(at));
    }

    /// The last moment of which it is proved that the replica here has all that was acknowledged before it.
    pub fn current_as_of(&self) -> Option<Instant> {
        *self.proved.lock()
    }

    /// Who leads the partition, as far as is known here.
    pub fn leader(&self) -> Option<u64> {
        self.raft.leader()
    }

    /// Whether this node votes in the group: it has all rows, or will soon.
    pub fn votes(&self) -> bool {
        self.raft.votes()
    }

    /// Whether this node leads the partition and has applied everything of earlier leaders.
    pub fn is_leader(&self) -> bool {
        self.raft.leads()
    }

    /// Whether another node is known to lead.
    pub fn follows(&self) -> bool {
        self.raft.follows()
    }

    /// Whether rows of another node are here that the observer has not taken in yet.
    pub fn is_rebuilding(&self) -> bool {
        self.raft.is_rebuilding()
    }

    /// Why the group stopped, if it did. Reads without a barrier still work then.
    pub fn failure(&self) -> Option<String> {
        self.raft.failure()
    }
}
