//! Who hears of what was applied.

use proto::PartitionId;
use storage::Change;

/// Called by the groups of this node. Must not block: it runs on the way to a writer's answer.
pub trait Observer: Send + Sync + 'static {
    /// The entries up to `index` are applied and made `changes` (in order, possibly none). Called before the writers
    /// are answered, in index order for one partition, also while the log is replayed at start.
    fn applied(&self, partition: PartitionId, index: u64, changes: &[Change]);

    /// This node became the leader of the partition, with everything of earlier terms applied, or lost that.
    fn leadership(&self, partition: PartitionId, leader: bool);
}
