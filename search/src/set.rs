//! Some of the partitions.

use proto::id::PartitionId;

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct PartitionSet([u64; 5]);

impl PartitionSet {
    /// Whether that one is among them.
    #[inline]
    pub fn contains(&self, partition: PartitionId) -> bool {
        let (word, bit) = place(partition);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl FromIterator<PartitionId> for PartitionSet {
    fn from_iter<I: IntoIterator<Item = PartitionId>>(partitions: I) -> Self {
        let mut set = PartitionSet::default();
        for partition in partitions {
            let (word, bit) = place(partition);
            set.0[word] |= bit;
        }
        set
    }
}

/// There are 256 partitions at most, which count from 1.
fn place(partition: PartitionId) -> (usize, u64) {
    (usize::from(partition.0) / 64, 1 << (partition.0 % 64))
}
