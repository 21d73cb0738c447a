//! Who hears of what was applied.

use futures::future::BoxFuture;
use proto::PartitionId;
use storage::Change;

/// Called by the groups of this node. Must not block a thread: it runs on the way to a writer's answer, where all groups
/// run.
pub trait Observer: Send + Sync + 'static {
    /// The entries up to `index` are applied and made `changes` (in order, possibly none). Called before the writers
    /// are answered, in index order for one partition, also while the log is replayed at start. The partition applies
    /// nothing more until it is ready.
    fn applied<'a>(&'a self, partition: PartitionId, index: u64, changes: &'a [Change]) -> BoxFuture<'a, ()>;

    /// This node became the leader of the partition, with everything of earlier terms applied, or lost that.
    fn leadership(&self, partition: PartitionId, leader: bool);
}
