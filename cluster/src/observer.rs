//! Who hears of what was applied.

use crate::transport::Answer;
use bytes::Bytes;
use futures::future::BoxFuture;
use proto::PartitionId;
use std::io;
use storage::Change;

/// Called by the groups of this node. Must not block a thread: it runs on the way to a writer's answer, where all groups
/// run.
pub trait Observer: Send + Sync + 'static {
    /// The entries up to `index` are applied and made `changes` (in order, possibly none). Called before the writers
    /// are answered, in index order for one partition, also while the log is replayed at start. The partition applies
    /// nothing more until it is ready.
    fn applied<'a>(&'a self, partition: PartitionId, index: u64, changes: &'a [Change]) -> BoxFuture<'a, ()>;

    /// What is applied next shows a part of what a transaction writes over several partitions, until the result is dropped: after
    /// the next [`Observer::applied`] is ready.
    fn showing(&self) -> Box<dyn Send>;

    /// All rows of the partition were replaced by those of another node. Called instead of [`Observer::applied`] for what
    /// they hold. An error ends the group until the next start.
    fn replaced(&self, partition: PartitionId) -> BoxFuture<'_, io::Result<()>>;

    /// All rows of the partition are gone: its replica went elsewhere. It may come back, with entries from the first on or with rows
    /// of another node. Also called at the start, where that was interrupted. An error ends the group until the next start.
    fn vacated(&self, partition: PartitionId) -> BoxFuture<'_, io::Result<()>>;

    /// Another node asks something that is no matter of the groups.
    fn asked(&self, request: Bytes) -> Answer;

    /// This node became the leader of the partition, with everything of earlier terms applied, or lost that.
    fn leadership(&self, partition: PartitionId, leader: bool);
}
