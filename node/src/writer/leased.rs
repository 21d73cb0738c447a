//! Several compartments: all stand still, in one global order, while the plan is decided and committed. Nothing of
//! theirs is in flight meanwhile, so the stored rows tell everything.

use super::{
    Attempt, Plan, answered_before, command, keep, part,
    relocate::{Halted, Ready, decide},
    settle,
    step::existing_compartments,
    two_phase,
};
use crate::{
    compartment::{Halt, Lease},
    engine::{Engine, to_its_end},
};
use proto::{Error, PartitionId};
use std::{collections::BTreeSet, time::Duration};
use storage::Applied;
use tokio::time::sleep;

/// On a task of its own: a caller that goes away must not leave a transaction half way.
pub async fn run(node: &Engine, plan: Plan) -> Result<Attempt, Error> {
    let node = node.handle();
    to_its_end(async move {
        let attempt = run_whole(&node, plan).await;
        if matches!(attempt, Ok(Attempt::Stale)) && !node.cluster.is_alone() {
            // Coordinators on two nodes that stood in each other's way must not do it again at the same moment.
            sleep(Duration::from_millis(node.entropy.number() % STAND_BACK_MS)).await;
        }
        attempt
    })
    .await
}

/// The longest pause before a plan that others came before is tried again.
const STAND_BACK_MS: u64 = 16;

async fn run_whole(node: &Engine, plan: Plan) -> Result<Attempt, Error> {
    let leases = lease_all(node, &plan).await?;
    // What is decided without a proposal is told as it is decided: on rows that are current.
    let read: BTreeSet<PartitionId> = read_in(node, &plan).collect();
    let read = node.all_of(read.into_iter()).await?;
    // What the leases were waited for may have been this very request.
    if let Some(answers) = answered_before(node, plan.tenant, plan.dedup.as_ref()).await? {
        return Ok(Attempt::Repeated(answers));
    }
    let now_ms = node.clock.now_ms();
    let Ready { answers, mut parts } = match decide(node, &plan, &read, now_ms).await {
        Ok(decided) => decided,
        Err(halted) => return halt(node, &plan, leases, halted).await,
    };
    if parts.is_empty() {
        return keep(node, plan.tenant, plan.dedup.as_ref(), answers).await;
    }
    part::rest_on(&mut parts, plan.holds.clone());
    let coordinator = coordinator(node, &plan);
    if parts.len() <= 1 && parts.keys().all(|partition| *partition == coordinator) {
        let part = parts.into_values().next().unwrap_or_default();
        let dedup = plan.dedup.as_ref();
        match command::write(node, coordinator, plan.tenant, dedup, now_ms, part, &answers).await? {
            Applied::Done => Ok(Attempt::Done(answers)),
            other => {
                // Who holds a lock that is waited for may wait for these compartments: `directory` prepares first.
                drop(leases);
                settle::refused(node, plan.tenant, coordinator, other).await
            }
        }
    } else {
        two_phase::commit(node, coordinator, plan, now_ms, parts, answers, leases).await
    }
}

/// The row of the idempotency key goes with the decision, so its home decides.
fn coordinator(node: &Engine, plan: &Plan) -> PartitionId {
    let first = plan.steps[0].op.key.compartment.slot;
    node.partition_of(plan.dedup.as_ref().map_or(first, |dedup| dedup.home))
}

/// The partitions whose rows the plan is decided on.
fn read_in(node: &Engine, plan: &Plan) -> impl Iterator<Item = PartitionId> {
    plan.steps.iter().map(|step| node.partition_of(step.lives_at().compartment.slot))
}

/// Compartments that another node leads do not stand still: what comes first there makes the plan stale.
async fn lease_all(node: &Engine, plan: &Plan) -> Result<Vec<Lease>, Error> {
    let mut leases = vec![];
    for compartment in existing_compartments(&plan.steps) {
        let partition = node.partition_of(compartment.slot);
        if node.partition(partition)?.leader().is_none() {
            leases.push(node.actors.lease(partition, plan.tenant, compartment).await?);
        }
    }
    Ok(leases)
}

/// The plan cannot be carried out as it is.
async fn halt(node: &Engine, plan: &Plan, leases: Vec<Lease>, halted: Halted) -> Result<Attempt, Error> {
    match halted.halt {
        Halt::Gone => Ok(Attempt::Stale),
        Halt::Moves(moves) => Ok(Attempt::Moves(*moves)),
        Halt::Locked(lock) => {
            drop(leases);
            settle::settle_lock(node, halted.partition, plan.tenant, &lock).await?;
            Ok(Attempt::Stale)
        }
        Halt::Refused(error) => Err(error),
    }
}
