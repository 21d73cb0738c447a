//! The common case: one actor decides everything.

use super::{
    Attempt, Home, Plan,
    elsewhere::through_actor_at,
    settle,
    through::{Outcome, through_actor},
};
use crate::{
    compartment::{Batch, Op},
    engine::Engine,
};
use proto::{CompartmentKey, Error, PartitionId};
use storage::Applied;

pub async fn run(
    node: &Engine,
    partition: PartitionId,
    compartment: CompartmentKey,
    plan: Plan,
) -> Result<Attempt, Error> {
    let Plan { tenant, steps, dedup, share, holds } = plan;
    let with_home = |step: super::Step| match step.home {
        Home::Row { slot, .. } => Op { locate: Some(slot), ..step.op },
        Home::None => step.op,
    };
    let ops = steps.into_iter().map(with_home).collect();
    let releases = holds.into_iter().map(|hold| hold.release).collect();
    let batch = Batch { tenant, ops, dedup, releases, deciding: None, share };
    match anywhere(node, partition, compartment, batch).await? {
        Outcome::Ended(attempt) => Ok(attempt),
        Outcome::Applied(Applied::Done, answers) => Ok(Attempt::Done(answers)),
        Outcome::Applied(other, _) => settle::refused(node, tenant, partition, other).await,
    }
}

/// Has the actor decide, wherever its partition is led.
pub(super) async fn anywhere(
    node: &Engine,
    partition: PartitionId,
    compartment: CompartmentKey,
    batch: Batch,
) -> Result<Outcome, Error> {
    match node.partition(partition)?.leader() {
        None => through_actor(node, partition, compartment, batch).await,
        // Boxed: alone there is none, and every write would carry its future along.
        Some(leader) => Box::pin(through_actor_at(node, leader, partition, compartment, &batch)).await,
    }
}
