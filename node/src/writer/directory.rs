//! A resource under a client's id, new in a patient's compartment: the row in the directory is another partition's. Or one
//! that is created conditionally: the reservation is.
//!
//! The row is prepared first; then the compartment's actor decides and proposes the *decision* with its own write in it,
//! without standing still: a patient's record takes such creates one after the other into the same fsync batches.
//! The directory row is finished behind the answer; a reader that meets it locked asks for the decision.

use super::{
    Attempt, Home, Plan, Step,
    part::{self, Part, Parts},
    settle::refused,
    single::anywhere,
    through::Outcome,
    transaction::Transaction,
};
use crate::{
    compartment::{Batch, Deciding, Op, locate},
    engine::{Engine, to_its_end},
};
use proto::{Code, CompartmentKey, Error, PartitionId};
use storage::Applied;

/// On a task of its own: a caller that goes away must not leave a row prepared.
pub async fn run(
    node: &Engine,
    partition: PartitionId,
    compartment: CompartmentKey,
    plan: Plan,
) -> Result<Attempt, Error> {
    let node = node.handle();
    to_its_end(async move {
        let now_ms = node.clock.now_ms();
        let tenant = plan.tenant;
        let (ops, mut parts) = split(&node, partition, plan.steps);
        part::rest_on(&mut parts, plan.holds);
        let Part { releases, .. } = parts.remove(&partition).unwrap_or_default();
        let transaction = Transaction::new(&node, tenant, partition, &parts);
        if let Some((refusing, refusal)) = transaction.prepare(&node, parts, now_ms).await? {
            transaction.abort(&node).await;
            return refused(&node, tenant, refusing, refusal).await;
        }
        let deciding = Deciding {
            transaction: transaction.id(),
            participants: transaction.participants(),
            is_quiet: transaction.is_quiet(),
        };
        let (dedup, share) = (plan.dedup, plan.share);
        let batch = Batch { tenant, ops, dedup, releases, deciding: Some(deciding), share };
        transaction.sends_commit();
        let outcome = anywhere(&node, partition, compartment, batch).await;
        if let Ok(Outcome::Applied(Applied::Decided { commit: true }, answers)) = outcome {
            let finishing = node.clone();
            tokio::spawn(async move { transaction.finish_or_log(&finishing, true).await });
            return Ok(Attempt::Done(answers));
        }
        // The first decision stands: where the outcome is not known, this asks for it as much as it aborts. Before a lock is
        // waited out: who holds it may wait for what is prepared here.
        let decision = transaction.abort(&node).await;
        match outcome {
            Ok(Outcome::Applied(other, _)) => refused(&node, tenant, partition, other).await,
            Ok(Outcome::Ended(attempt)) => Ok(attempt),
            Err(error) if error.code == Code::OutcomeUnknown && decision == Some(false) => Ok(Attempt::Stale),
            Err(error) => Err(error),
        }
    })
    .await
}

/// What the compartment's actor writes, and the directory rows of other partitions.
fn split(node: &Engine, partition: PartitionId, steps: Vec<Step>) -> (Vec<Op>, Parts) {
    let mut parts = Parts::new();
    let mut ops = Vec::with_capacity(steps.len());
    for step in steps {
        let mut op = step.op;
        if let Home::Row { slot, .. } = step.home {
            match node.partition_of(slot) {
                home if home == partition => op.locate = Some(slot),
                home => parts.entry(home).or_default().push(locate(&op, slot)),
            }
        }
        ops.push(op);
    }
    (ops, parts)
}
