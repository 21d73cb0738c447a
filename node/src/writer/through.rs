//! A batch at its compartment's actor, here: decided, committed, or answered once that holds.

use super::{Attempt, keep};
use crate::{
    compartment::{Basis, Batch, Verdict},
    engine::Engine,
    observe::steps::{Step, ended},
};
use proto::{CompartmentKey, Error, PartitionId, api::v1::WriteResponse};
use std::sync::Arc;
use storage::Applied;
use tokio::time::Instant;

/// What came of a batch at its compartment's actor.
pub enum Outcome {
    /// Nothing was proposed.
    Ended(Attempt),
    /// What apply said to the proposal, or would have said, and the answers if it agreed.
    Applied(Applied, Vec<WriteResponse>),
}

/// Has the actor here decide, and waits for what it proposes or what its answer rests on.
pub async fn through_actor(
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
            let applied = applied.map_err(crate::error::propose)?;
            if matches!(applied, Applied::Outdated { .. }) {
                // Patches are worked out here.
                Box::pin(node.learn()).await?;
            }
            return Ok(Outcome::Applied(applied, answers));
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
