//! Carries out decided-together writes: one compartment through its actor, several under leases, several partitions
//! by two-phase commit.
//!
//! ```text
//! steps ── one existing compartment ─┬─ all rows in its partition ──→ actor: decide, propose           (single)
//!       │                            └─ rows, reservations elsewhere ──→ prepare, then the actor  (directory)
//!       └─ several: leases in key order, decide ─┬─ one partition ──→ one command                     (leased)
//!                                                └─ several ──→ prepare, decide, finish               (two_phase)
//! ```

mod admission;
mod command;
mod directory;
mod elsewhere;
mod kept;
mod leased;
mod part;
mod relocate;
mod resolver;
mod settle;
mod single;
mod step;
#[cfg(test)]
pub mod testing;
mod through;
mod transaction;
mod two_phase;
mod wire;

pub use admission::wait as room;
pub use elsewhere::{WRITE, write_here};
pub use kept::keep;
pub use part::Hold;
pub use resolver::{recover, run as resolve};
pub use settle::{finish_if_decided, finish_if_known, settle};
pub use step::{Home, Step};

use crate::{
    bounds::Share,
    compartment::{Dedup, Intent, Moves},
    draft,
    engine::Engine,
};
use proto::{Error, PartitionId, TenantId, api::v1::WriteResponse};

/// A set of writes that become visible together or not at all.
#[derive(Debug)]
pub struct Plan {
    pub tenant: TenantId,
    pub steps: Vec<Step>,
    pub dedup: Option<Dedup>,
    /// What the request holds while this is carried out, whether its caller waits or not.
    pub share: Share,
    /// Reservations it rests on: written only while all are held, and given back with it.
    pub holds: Vec<Hold>,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Attempt {
    /// Committed, or nothing had to be written; an answer per step, in order.
    Done(Vec<WriteResponse>),
    /// Committed earlier under the same idempotency key: the answers given then, bodies left out.
    Repeated(Vec<WriteResponse>),
    /// Somebody else's write came first: locate everything again and try anew.
    Stale,
    /// A reservation it rests on is no longer held: decide anew whether to write at all.
    Lost,
    /// What a change makes of its resource belongs to another compartment: try anew with a step that moves it there.
    Moves(Moves),
}

/// Tries the plan once.
pub async fn attempt(node: &Engine, plan: Plan) -> Result<Attempt, Error> {
    let (tenant, dedup) = (plan.tenant, plan.dedup.clone());
    let attempt = attempt_keyed(node, plan).await?;
    if let (Attempt::Done(_), Some(dedup)) = (&attempt, dedup) {
        node.keys.acknowledged(tenant, &dedup);
    }
    Ok(attempt)
}

async fn attempt_keyed(node: &Engine, mut plan: Plan) -> Result<Attempt, Error> {
    admission::wait(node).await?;
    renew(node, &mut plan)?;
    let Some((partition, compartment)) = single_compartment(node, &plan) else {
        return leased::run(node, plan).await;
    };
    let local = |step: &Step| step.home_partition(node).is_none_or(|home| home == partition);
    match plan.steps.iter().all(local) && plan.holds.iter().all(|hold| hold.partition == partition) {
        true => single::run(node, partition, compartment, plan).await,
        false => directory::run(node, partition, compartment, plan).await,
    }
}

/// Index values that were made with older search parameters than are known by now are made anew: partitions may not take them.
fn renew(node: &Engine, plan: &mut Plan) -> Result<(), Error> {
    let generation = node.generation(plan.tenant);
    for step in &mut plan.steps {
        if let Intent::Create(draft) | Intent::Update { draft, .. } = &mut step.op.intent
            && draft.generation < generation
        {
            *draft = draft::of(node, plan.tenant, draft.document.clone())?;
        }
    }
    Ok(())
}

/// The answers given before under the idempotency key. To be asked first where the request's own way to the key's row
/// depends on what it finds, such as a search.
///
/// # Errors
/// `KeyReused`: the key came with another request.
pub async fn answered_before(
    node: &Engine,
    tenant: TenantId,
    dedup: Option<&Dedup>,
) -> Result<Option<Vec<WriteResponse>>, Error> {
    let Some(dedup) = dedup else { return Ok(None) };
    let home = node.current_at(dedup.home).await?;
    dedup.answers_of(home.answered(tenant, &dedup.key, node.clock.now_ms()).await?)
}

/// The partition and compartment whose actor can decide the whole plan, if there is one.
fn single_compartment(node: &Engine, plan: &Plan) -> Option<(PartitionId, proto::CompartmentKey)> {
    let partition = node.partition_of(plan.steps.first()?.op.key.compartment.slot);
    let alone = |step: &Step| {
        step.moved_from.is_none() && node.partition_of(step.op.key.compartment.slot) == partition
    };
    let key_is_here = plan.dedup.as_ref().is_none_or(|dedup| node.partition_of(dedup.home) == partition);
    if !key_is_here || !plan.steps.iter().all(alone) {
        return None;
    }
    let mut existing = step::existing_compartments(&plan.steps).into_iter();
    match (existing.next(), existing.next()) {
        (None, _) => Some((partition, plan.steps[0].op.key.compartment)),
        (Some(one), None) => Some((partition, one)),
        _ => None,
    }
}
