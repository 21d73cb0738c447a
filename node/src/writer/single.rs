//! The common case: one actor decides everything.

use super::{Attempt, Home, Plan, two_phase};
use crate::{
    compartment::{Batch, Op, Verdict},
    engine::Inner,
};
use proto::{CompartmentKey, Error, PartitionId};
use std::sync::Arc;
use storage::Applied;

pub async fn run(
    node: &Inner,
    partition: PartitionId,
    compartment: CompartmentKey,
    plan: Plan,
) -> Result<Attempt, Error> {
    let Plan { tenant, steps, dedup, releases } = plan;
    let with_home = |step: super::Step| match step.home {
        Home::Row { slot, .. } => Op { locate: Some(slot), ..step.op },
        Home::None => step.op,
    };
    let batch =
        Batch { tenant, ops: steps.into_iter().map(with_home).collect(), dedup, releases, decision: None };
    match node.directory.write(partition, compartment, Arc::new(batch)).await? {
        Verdict::Refused(error) => Err(error),
        Verdict::Repeated(answers) => Ok(Attempt::Repeated(answers)),
        Verdict::Answered(answers) => Ok(Attempt::Done(answers)),
        Verdict::Proposed(commit, answers) => match commit.wait().await.map_err(crate::error::propose)? {
            Applied::Done => Ok(Attempt::Done(answers)),
            other => two_phase::refused(node, partition, other).await,
        },
    }
}
