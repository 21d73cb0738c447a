//! One write of a plan, and where its rows go.

use crate::{
    compartment::{Op, Standing},
    engine::Engine,
};
use proto::{CompartmentKey, PartitionId, ResourceKey, Slot};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Where the directory row of a step's resource has to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Nowhere: the resource is its compartment's own one, or the row is there and stays.
    None,
    /// At this slot, in the place of the row that was found there.
    Row { slot: Slot, found: Option<CompartmentKey> },
}

/// One write.
#[derive(Clone, Debug)]
pub struct Step {
    pub op: Op,
    pub home: Home,
    /// The resource lives in another compartment now and moves with all its history.
    pub moved_from: Option<CompartmentKey>,
}

impl Step {
    /// The key its rows are under until the step is carried out.
    pub fn lives_at(&self) -> ResourceKey {
        ResourceKey { compartment: self.moved_from.unwrap_or(self.op.key.compartment), ..self.op.key }
    }

    /// The partition that has to write a directory row for the step, if one does.
    pub fn home_partition(&self, node: &Engine) -> Option<PartitionId> {
        match self.home {
            Home::Row { slot, .. } => Some(node.partition_of(slot)),
            Home::None => None,
        }
    }
}

/// The compartments that may exist already, in the one global order in which they are leased. A compartment whose own
/// resource gets a fresh id in the same plan cannot have another writer.
pub fn existing_compartments(steps: &[Step]) -> BTreeSet<CompartmentKey> {
    let own_fresh = |step: &&Step| step.op.standing == Standing::Fresh && step.op.key.is_own();
    let fresh: FxHashSet<CompartmentKey> =
        steps.iter().filter(own_fresh).map(|step| step.op.key.compartment).collect();
    let all = steps.iter().flat_map(|step| [Some(step.op.key.compartment), step.moved_from]);
    all.flatten().filter(|compartment| !fresh.contains(compartment)).collect()
}
