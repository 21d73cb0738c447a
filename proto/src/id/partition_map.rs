//! Slot → partition.

use super::{PartitionId, Slot};

/// The fixed division of the 65,536 slots into partitions 1..=P: slot `s` belongs to partition `1 + s·P / 65536`,
/// so partitions are contiguous and differ by at most one slot. Part of the stored format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionMap {
    partitions: u16,
}

impl PartitionMap {
    /// More partitions than this are not useful on any node count planned for.
    pub const PARTITIONS_MAX: u16 = 256;

    /// So many, 1 or more.
    pub fn new(partitions: u16) -> Self {
        PartitionMap { partitions }
    }

    /// The partition a slot belongs to.
    pub fn partition_of(&self, slot: Slot) -> PartitionId {
        PartitionId(1 + (u32::from(slot.0) * u32::from(self.partitions) / 65_536) as u16)
    }

    /// All partitions, in order.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> + Clone + use<> {
        (1..=self.partitions).map(PartitionId)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::from(self.partitions)
    }

    /// Never: there is at least one partition.
    pub fn is_empty(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_evenly_and_in_order() {
        for count in [1, 3, 16, 256] {
            let map = PartitionMap::new(count);
            let mut sizes = vec![0_u32; usize::from(count) + 1];
            let mut last = PartitionId(1);
            for slot in 0..=u16::MAX {
                let partition = map.partition_of(Slot(slot));
                assert!(partition >= last);
                sizes[usize::from(partition.0)] += 1;
                last = partition;
            }
            let (least, most) = (sizes[1..].iter().min().unwrap(), sizes[1..].iter().max().unwrap());
            assert!(most - least <= 1, "{count}: {least}..{most}");
        }
    }

    #[test]
    fn the_map_never_changes() {
        let map = PartitionMap::new(16);
        assert_eq!(map.partition_of(Slot(0)), PartitionId(1));
        assert_eq!(map.partition_of(Slot(4095)), PartitionId(1));
        assert_eq!(map.partition_of(Slot(4096)), PartitionId(2));
        assert_eq!(map.partition_of(Slot(65_535)), PartitionId(16));
    }
}
