//! The common case: one actor decides everything.

use super::{Attempt, Home, Plan, two_phase};
use crate::{
    compartment::{Batch, Op, Verdict},
    engine::Inner,
};
use proto::{CompartmentKey, Error, PartitionId, api::v1::WriteResponse};
use std::sync::Arc;
use storage::Applied;

pub async fn run(
    node: &Inner,
    partition: PartitionId,
    compartment: CompartmentKey,
    plan: Plan,
) -> Result<Attempt, Error> {
    let Plan { tenant, steps, dedup, share } = plan;
    let with_home = |step: super::Step| match step.home {
        Home::Row { slot, .. } => Op { locate: Some(slot), ..step.op },
        Home::None => step.op,
    };
    let ops = steps.into_iter().map(with_home).collect();
    let batch = Batch { tenant, ops, dedup, decision: None, share };
    match through_actor(node, partition, compartment, batch).await? {
        Outcome::Ended(attempt) => Ok(attempt),
        Outcome::Applied(Applied::Done, answers) => Ok(Attempt::Done(answers)),
        Outcome::Applied(other, _) => two_phase::refused(node, partition, other).await,
    }
}

/// What came of a batch at its compartment's actor.
pub(super) enum Outcome {
    /// Nothing was proposed.
    Ended(Attempt),
    /// What apply said to the proposal, and the answers if it agreed.
    Applied(Applied, Vec<WriteResponse>),
}

/// Has the actor decide and waits for what it proposes.
pub(super) async fn through_actor(
    node: &Inner,
    partition: PartitionId,
    compartment: CompartmentKey,
    batch: Batch,
) -> Result<Outcome, Error> {
    match node.directory.write(partition, compartment, Arc::new(batch)).await? {
        Verdict::Refused(error) => Err(error),
        Verdict::Repeated(answers) => Ok(Outcome::Ended(Attempt::Repeated(answers))),
        Verdict::Answered(answers) => Ok(Outcome::Ended(Attempt::Done(answers))),
        Verdict::Proposed(commit, answers) => {
            let applied = commit.wait().await.map_err(crate::error::propose)?;
            Ok(Outcome::Applied(applied, answers))
        }
    }
}
