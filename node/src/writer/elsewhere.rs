//! Writes whose compartment's actor is on another node: asked of the one that leads its partition, and carried out here for
//! others.

use super::{
    Attempt, admission,
    through::{Outcome, through_actor},
    wire::{self, ReadPatch},
};
use crate::{
    bounds::Share,
    compartment::Batch,
    engine::Engine,
    partition::{Twice, applied_from, applied_to, ask, compartment_from, incomplete, question, unreadable},
};
use bytes::Bytes;
use prost::Message;
use proto::{
    Code, CompartmentKey, Error, PartitionId, TenantId,
    internal::v1::{self as messages, write_answer},
};

/// How another node asks.
pub const WRITE: &str = "partition-write";

/// Has the actor on that node decide, and waits for what it proposes or what its answer rests on.
pub async fn through_actor_at(
    node: &Engine,
    leader: u64,
    partition: PartitionId,
    compartment: CompartmentKey,
    batch: &Batch,
) -> Result<Outcome, Error> {
    let message = wire::request(partition, compartment, batch);
    let request = messages::Request { tenant: batch.tenant.0, ..question(WRITE, &message) };
    match ask(&node.cluster, leader, &request, Twice::Writes).await {
        Ok(answer) => outcome(answer),
        Err(error) => {
            if error.code == Code::Unavailable {
                node.cluster.correction(partition, leader)();
            }
            Err(error)
        }
    }
}

fn outcome(answer: messages::WriteAnswer) -> Result<Outcome, Error> {
    let messages::WriteAnswer { outcome, answers } = answer;
    Ok(match outcome.ok_or_else(|| incomplete("an outcome"))? {
        write_answer::Outcome::Applied(applied) => Outcome::Applied(applied_from(Some(applied))?, answers),
        write_answer::Outcome::Done(_) => Outcome::Ended(Attempt::Done(answers)),
        write_answer::Outcome::Repeated(_) => Outcome::Ended(Attempt::Repeated(answers)),
        write_answer::Outcome::Stale(_) => Outcome::Ended(Attempt::Stale),
        write_answer::Outcome::Lost(_) => Outcome::Ended(Attempt::Lost),
        write_answer::Outcome::Moves(moves) => Outcome::Ended(Attempt::Moves(wire::moves_from(&moves)?)),
    })
}

fn answer(outcome: Outcome) -> messages::WriteAnswer {
    let (outcome, answers) = match outcome {
        Outcome::Applied(applied, answers) => (write_answer::Outcome::Applied(applied_to(applied)), answers),
        Outcome::Ended(Attempt::Done(answers)) => (write_answer::Outcome::Done(true), answers),
        Outcome::Ended(Attempt::Repeated(answers)) => (write_answer::Outcome::Repeated(true), answers),
        Outcome::Ended(Attempt::Stale) => (write_answer::Outcome::Stale(true), vec![]),
        Outcome::Ended(Attempt::Lost) => (write_answer::Outcome::Lost(true), vec![]),
        Outcome::Ended(Attempt::Moves(moves)) => {
            (write_answer::Outcome::Moves(wire::moves_to(&moves)), vec![])
        }
    };
    messages::WriteAnswer { outcome: Some(outcome), answers }
}

/// Carries out a write of another node, through an actor here. `share` holds what came.
///
/// # Errors
/// `Unavailable` where this node does not lead the partition; those of the decision.
pub async fn write_here(
    node: &Engine,
    tenant: TenantId,
    share: Share,
    message: Bytes,
    patch: ReadPatch<'_>,
) -> Result<Bytes, Error> {
    let message = messages::WriteRequest::decode(message).map_err(|error| unreadable(&error))?;
    let partition = PartitionId(message.partition as u16);
    node.led_here(partition)?;
    admission::wait(node).await?;
    let compartment = compartment_from(message.compartment.as_ref())?;
    let batch = wire::batch(tenant, share, message, patch)?;
    Ok(answer(through_actor(node, partition, compartment, batch).await?).encode_to_vec().into())
}
