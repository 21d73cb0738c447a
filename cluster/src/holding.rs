//! What this node's replicas are good for, and whom to ask where they are not. Asked with each request, so it is looked at now
//! and then beside them.

use crate::council::Council;
use crate::group::Group;
use parking_lot::RwLock;
use proto::PartitionId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Of a partition whose replica was behind others answer for so many looks.
const BEHIND: u32 = 10;

/// What was seen last.
pub(crate) struct Holding {
    partitions: Vec<Held>,
    holds_all: AtomicBool,
    holds_any: AtomicBool,
    layout: RwLock<Layout>,
}

/// What was agreed.
#[derive(Default)]
struct Layout {
    /// The voters of each partition, best leader first.
    voters: Vec<Vec<u64>>,
    /// All other nodes: replicas may still be on their way.
    others: Vec<u64>,
}

#[derive(Default)]
struct Held {
    is_here: AtomicBool,
    behind: AtomicU32,
    /// The node that is asked where it is not here; 0: none was asked yet.
    asked: AtomicU64,
}

impl Holding {
    pub(crate) fn new(partitions: usize) -> Self {
        Holding {
            partitions: (0..partitions).map(|_| Held::default()).collect(),
            holds_all: AtomicBool::default(),
            holds_any: AtomicBool::default(),
            layout: RwLock::default(),
        }
    }

    /// Whether this node holds all partitions, as was agreed and as they say themselves, and no replica was behind just now.
    pub(crate) fn holds_all(&self) -> bool {
        self.holds_all.load(Ordering::Relaxed)
    }

    /// The same of at least one.
    pub(crate) fn holds_any(&self) -> bool {
        self.holds_any.load(Ordering::Relaxed)
    }

    /// The same of that one.
    pub(crate) fn holds(&self, partition: PartitionId) -> bool {
        self.of(partition).is_some_and(|held| held.is_here.load(Ordering::Relaxed))
    }

    /// Whether that node should vote on the partition, as was agreed.
    pub(crate) fn should_hold(&self, partition: PartitionId, node: u64) -> bool {
        let layout = self.layout.read();
        place(partition).and_then(|place| layout.voters.get(place)).is_some_and(|all| all.contains(&node))
    }

    /// The nodes that should vote on the partition, as was agreed, best leader first.
    pub(crate) fn agreed(&self, partition: PartitionId) -> Vec<u64> {
        let layout = self.layout.read();
        place(partition).and_then(|place| layout.voters.get(place)).cloned().unwrap_or_default()
    }

    /// The other nodes that may lead a partition, likely ones first.
    pub(crate) fn candidates(&self, partition: PartitionId) -> Vec<u64> {
        let layout = self.layout.read();
        let voters = place(partition).and_then(|place| layout.voters.get(place));
        let mut likely: Vec<u64> = voters.into_iter().flatten().copied().collect();
        likely.retain(|node| layout.others.contains(node));
        let rest: Vec<u64> = layout.others.iter().copied().filter(|node| !likely.contains(node)).collect();
        likely.extend(rest);
        likely
    }

    /// A replica did not catch up in time.
    pub(crate) fn is_behind(&self, partition: PartitionId) {
        let Some(held) = self.of(partition) else { return };
        held.behind.store(BEHIND, Ordering::Relaxed);
        held.is_here.store(false, Ordering::Relaxed);
        self.holds_all.store(false, Ordering::Relaxed);
    }

    /// Who leads a partition that is not here, as far as can be guessed.
    pub(crate) fn asked(&self, partition: PartitionId) -> Option<u64> {
        match self.of(partition)?.asked.load(Ordering::Relaxed) {
            0 => self.candidates(partition).first().copied(),
            asked => Some(asked),
        }
    }

    /// That node does not lead it: next time the next one is asked.
    pub(crate) fn does_not_lead(&self, partition: PartitionId, node: u64) {
        let Some(held) = self.of(partition) else { return };
        let candidates = self.candidates(partition);
        let at = candidates.iter().position(|candidate| *candidate == node);
        let next = at.map_or(0, |at| at + 1) % candidates.len().max(1);
        let next = candidates.get(next).copied().unwrap_or_default();
        let asked = held.asked.load(Ordering::Relaxed);
        // Only who asked that one knows anything of it.
        if asked == node || asked == 0 {
            let _ = held.asked.compare_exchange(asked, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn of(&self, partition: PartitionId) -> Option<&Held> {
        self.partitions.get(place(partition)?)
    }

    /// Looks once.
    pub(crate) fn look(&self, council: &Council, groups: &[Arc<Group>]) {
        let voters = council.voters_of_all();
        let (mut all, mut any) = (true, false);
        for (place, (held, group)) in self.partitions.iter().zip(groups).enumerate() {
            let spend = |left: u32| left.checked_sub(1);
            let is_behind = held.behind.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok();
            // Who gave up its replica is the last to hear of it from the group, if ever.
            let is_agreed = voters.get(place).is_some_and(|voters| voters.contains(&council.node_id));
            let is_here = is_agreed && group.votes() && !group.is_rebuilding() && !is_behind;
            held.is_here.store(is_here, Ordering::Relaxed);
            (all, any) = (all && is_here, any || is_here);
        }
        *self.layout.write() = Layout { voters, others: council.others() };
        self.holds_any.store(any, Ordering::Relaxed);
        self.holds_all.store(all, Ordering::Relaxed);
    }

    /// Looks for ever.
    pub(crate) async fn watch(self: Arc<Self>, council: Council, groups: Vec<Arc<Group>>) {
        loop {
            self.look(&council, &groups);
            sleep(LOOK).await;
        }
    }
}

/// Partitions count from 1.
fn place(partition: PartitionId) -> Option<usize> {
    usize::from(partition.0).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_lead_is_not_asked_again_before_the_others() {
        let (holding, one) = (Holding::new(2), PartitionId(2));
        let agreed = |voters: &[u64], others: &[u64]| {
            *holding.layout.write() = Layout { voters: vec![vec![], voters.into()], others: others.into() };
        };
        agreed(&[3, 1, 7], &[1, 3, 4]);
        let asked = || holding.asked(one);
        assert_eq!(asked(), Some(3));
        holding.does_not_lead(one, 3);
        assert_eq!(asked(), Some(1));
        holding.does_not_lead(one, 3);
        assert_eq!(asked(), Some(1), "that was known");
        holding.does_not_lead(one, 1);
        assert_eq!(asked(), Some(4), "7 is this node");
        holding.does_not_lead(one, 4);
        assert_eq!(asked(), Some(3));
        agreed(&[1], &[1, 4]);
        holding.does_not_lead(one, 3);
        assert_eq!(asked(), Some(1), "3 has gone");
        assert_eq!(holding.asked(PartitionId(9)), None);
        agreed(&[], &[]);
        assert_eq!(holding.asked(PartitionId(1)), None);
        assert!(!holding.should_hold(one, 1));
    }
}
