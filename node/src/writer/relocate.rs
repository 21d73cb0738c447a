//! What a plan on compartments that stand still writes, by partition; resources that move take their history along.

use super::{Home, Plan, Step, part::Parts};
use crate::{
    compartment::{Decided, Found, Halt, Proposal, decide_all, found, locate},
    engine::Engine,
    partition::Partition,
};
use proto::{CompartmentKey, PartitionId, ResourceKey, api::v1::WriteResponse, log::v1 as log};

/// A plan that can be carried out.
#[derive(Default)]
pub struct Ready {
    /// One a step, in order.
    pub answers: Vec<WriteResponse>,
    pub parts: Parts,
}

/// A plan that cannot, and whose rows say so.
pub struct Halted {
    pub halt: Halt,
    pub partition: PartitionId,
}

/// Decides all steps on the stored rows of `read`, the partitions where their resources live, which are current.
pub async fn decide(
    node: &Engine,
    plan: &Plan,
    read: &[Partition<'_>],
    now_ms: u64,
) -> Result<Ready, Halted> {
    let mut ready = Ready::default();
    for step in &plan.steps {
        let key = step.lives_at();
        let partition = node.partition_of(key.compartment.slot);
        let rows = read.iter().find(|one| one.id() == partition).copied();
        let added = match rows.map_or_else(|| node.partition(partition), Ok) {
            Ok(rows) => add(node, plan, step, (&key, rows), now_ms, &mut ready).await,
            Err(error) => Err(error.into()),
        };
        added.map_err(|halt| Halted { halt, partition })?;
    }
    Ok(ready)
}

async fn add(
    node: &Engine,
    plan: &Plan,
    step: &Step,
    (key, rows): (&ResourceKey, Partition<'_>),
    now_ms: u64,
    ready: &mut Ready,
) -> Result<(), Halt> {
    let Ready { answers, parts } = ready;
    let state = rows.state(plan.tenant, key, step.op.movable).await?;
    let mut looked_up = Some(found(&step.op, state));
    let is_new = matches!(looked_up, Some(Found::Here(None)));
    // There is one op.
    let decided =
        decide_all(std::slice::from_ref(&step.op), now_ms, |_| Ok(looked_up.take().unwrap_or(Found::Gone)));
    let Proposal { response, mut mutations, .. } = match decided?.remove(0) {
        Decided::Propose(proposal) => proposal,
        Decided::Reply(response) => {
            answers.push(response);
            return Ok(());
        }
    };
    if let Some(from) = step.moved_from {
        relocate(node, plan, step, (from, rows), &mut mutations, parts).await?;
    } else if let (Home::Row { slot, .. }, true) = (step.home, is_new) {
        parts.entry(node.partition_of(slot)).or_default().push(locate(&step.op, slot));
    }
    let partition = node.partition_of(step.op.key.compartment.slot);
    parts.entry(partition).or_default().append(&mut mutations);
    answers.push(response);
    Ok(())
}

/// A resource whose patient changed: all its rows leave the old compartment, the new version and all history enter the
/// new one, and the directory says so, all in one transaction.
async fn relocate(
    node: &Engine,
    plan: &Plan,
    step: &Step,
    (from, rows): (CompartmentKey, Partition<'_>),
    mutations: &mut [log::Mutation],
    parts: &mut Parts,
) -> Result<(), Halt> {
    let Some(log::mutation::Kind::Put(put)) = mutations.first_mut().and_then(|first| first.kind.as_mut())
    else {
        return Ok(());
    };
    let old_key = ResourceKey { compartment: from, ..step.op.key };
    put.adopted = rows.adopted(plan.tenant, &old_key).await?;
    if put.adopted.last().map_or(0, |last| last.version) != put.expected_version {
        // Where its leader was asked twice somebody wrote in between.
        return Err(Halt::Gone);
    }
    let evict = log::Evict { key: Some(old_key.into()), expected_version: put.expected_version };
    put.expected_version = 0;
    let evict = log::Mutation { kind: Some(log::mutation::Kind::Evict(evict)) };
    parts.entry(rows.id()).or_default().push(evict);
    if let Home::Row { slot, found } = step.home {
        let mut row = locate(&step.op, slot);
        if let Some(log::mutation::Kind::Locate(row)) = row.kind.as_mut() {
            row.expected = found.map(Into::into);
        }
        parts.entry(node.partition_of(slot)).or_default().push(row);
    }
    Ok(())
}
