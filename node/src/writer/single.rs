//! The common case: one actor decides everything.

use super::{Attempt, Home, Plan, elsewhere::through_actor_at, keep, settle};
use crate::{
    compartment::{Basis, Batch, Op, Verdict},
    engine::Engine,
    observe::steps::{Step, ended},
};
use proto::{CompartmentKey, Error, PartitionId, api::v1::WriteResponse};
use std::sync::Arc;
use storage::Applied;
use tokio::time::Instant;

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

/// What came of a batch at its compartment's actor.
pub(super) enum Outcome {
    /// Nothing was proposed.
    Ended(Attempt),
    /// What apply said to the proposal, or would have said, and the answers if it agreed.
    Applied(Applied, Vec<WriteResponse>),
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

/// Has the actor here decide, and waits for what it proposes or what its answer rests on.
pub(super) async fn through_actor(
    node: &Engine,
    partition: PartitionId,
    compartment: CompartmentKey,
    batch: Batch,
) -> Result<Outcome, Error> {
    let batch = Arc::new(batch);
    let attempt = match node.actors.write(partition, compartment, batch.clone()).await? {
        Verdict::Proposed(flight, answers) => {
            let started = Instant::now();
            let applied = flight.landed().await.clone();
            ended(Step::Commit, started);
            return Ok(Outcome::Applied(applied.map_err(crate::error::propose)?, answers));
        }
        Verdict::Refused(error, basis) => match told(node, partition, &batch, basis).await? {
            Told::Stands => return Err(error),
            Told::Otherwise(attempt) => attempt,
        },
        Verdict::Answered(answers, basis) => match told(node, partition, &batch, basis).await? {
            Told::Stands => keep(node, batch.tenant, batch.dedup.as_ref(), answers).await?,
            Told::Otherwise(attempt) => attempt,
        },
        Verdict::Repeated(answers) => {
            node.led_here(partition)?.barrier().await?;
            Attempt::Repeated(answers)
        }
        Verdict::Gone => Attempt::Stale,
        Verdict::Moves(moves) => Attempt::Moves(moves),
        // Waited out by who asked, once nothing of its own is prepared that the holder may wait for.
        Verdict::Locked(storage::Lock { transaction, coordinator }) => {
            return Ok(Outcome::Applied(Applied::Locked { transaction, coordinator }, vec![]));
        }
    };
    Ok(Outcome::Ended(attempt))
}

/// Whether an answer without a proposal may be given.
enum Told {
    Stands,
    Otherwise(Attempt),
}

/// An answer is given when all it rests on is committed and this node has proved that it led when it was decided.
async fn told(node: &Engine, partition: PartitionId, batch: &Batch, basis: Basis) -> Result<Told, Error> {
    let waited = !basis.is_empty();
    if !basis.stands().await {
        return Ok(Told::Otherwise(Attempt::Stale));
    }
    let partition = node.led_here(partition)?;
    partition.barrier().await?;
    // What it waited for may have been this very request.
    if let (true, Some(dedup)) = (waited, &batch.dedup) {
        let row = partition.answered(batch.tenant, &dedup.key, node.clock.now_ms()).await?;
        if let Some(answers) = dedup.answers_of(row)? {
            return Ok(Told::Otherwise(Attempt::Repeated(answers)));
        }
    }
    Ok(Told::Stands)
}
