//! Several compartments: all stand still, in one global order, while the plan is decided and committed.

use super::{Attempt, Home, Plan, Step, adopt::adopted, step::existing_compartments, two_phase};
use crate::{
    compartment::{Batch, Current, Lease, command, decide_all, locate, stored},
    engine::Inner,
    interaction::to_its_end,
};
use proto::{Error, PartitionId, ResourceKey, api::v1::WriteResponse, log::v1 as log};
use std::collections::BTreeMap;
use storage::Applied;

/// What each partition has to write.
pub type Parts = BTreeMap<PartitionId, Vec<log::Mutation>>;

/// On a task of its own: a caller that goes away must not leave a transaction half way.
pub async fn run(node: &Inner, plan: Plan) -> Result<Attempt, Error> {
    let node = node.handle();
    to_its_end(async move { run_whole(&node, plan).await }).await
}

async fn run_whole(node: &Inner, plan: Plan) -> Result<Attempt, Error> {
    // The dedup row is where the first step's resource is: a retry with the same content finds it there.
    let coordinator = node.partition_of(plan.steps[0].op.key.compartment.slot);
    if let Some(answers) = answered_before(node, coordinator, &plan)? {
        return Ok(Attempt::Repeated(answers));
    }
    let leases = lease_all(node, &plan).await?;
    let now_ms = node.clock.now_ms();
    let (answers, parts) = decide(node, &plan, &leases, now_ms)?;
    if parts.is_empty() {
        return Ok(Attempt::Done(answers));
    }
    let single = parts.len() <= 1 && parts.keys().all(|partition| *partition == coordinator);
    if single {
        let mutations = parts.into_values().next().unwrap_or_default();
        commit_one(node, coordinator, &plan, now_ms, mutations, answers).await
    } else {
        two_phase::commit(node, coordinator, plan, now_ms, parts, answers).await
    }
}

fn answered_before(
    node: &Inner,
    coordinator: PartitionId,
    plan: &Plan,
) -> Result<Option<Vec<WriteResponse>>, Error> {
    let Some(dedup) = &plan.dedup else { return Ok(None) };
    let partition = node.group(coordinator)?.partition();
    let found =
        partition.dedup(plan.tenant, &dedup.key, node.clock.now_ms()).map_err(crate::error::storage)?;
    found.map(|response| crate::answer::decode(&response)).transpose()
}

async fn lease_all(node: &Inner, plan: &Plan) -> Result<Vec<Lease>, Error> {
    let mut leases = vec![];
    for compartment in existing_compartments(&plan.steps) {
        let partition = node.partition_of(compartment.slot);
        node.group(partition)?;
        leases.push(node.directory.lease(partition, plan.tenant, compartment).await?);
    }
    Ok(leases)
}

fn decide(
    node: &Inner,
    plan: &Plan,
    leases: &[Lease],
    now_ms: u64,
) -> Result<(Vec<WriteResponse>, Parts), Error> {
    let mut answers = Vec::with_capacity(plan.steps.len());
    let mut parts = Parts::new();
    for step in &plan.steps {
        let current = current(node, plan, leases, step)?;
        let mut answer =
            decide_all(std::slice::from_ref(&step.op), now_ms, |_| Ok(current.clone()))?.remove(0);
        if step.moved_from.is_some() {
            relocate(node, plan, step, &mut answer.mutations, &mut parts)?;
        } else if let (Home::Row { slot, .. }, None) = (step.home, &current) {
            parts.entry(node.partition_of(slot)).or_default().push(locate(&step.op, slot));
        }
        if !answer.mutations.is_empty() {
            parts
                .entry(node.partition_of(step.op.key.compartment.slot))
                .or_default()
                .append(&mut answer.mutations);
        }
        answers.push(answer.response);
    }
    Ok((answers, parts))
}

fn current(node: &Inner, plan: &Plan, leases: &[Lease], step: &Step) -> Result<Option<Current>, Error> {
    if step.op.fresh {
        return Ok(None);
    }
    let key = match step.moved_from {
        Some(compartment) => ResourceKey { compartment, ..step.op.key },
        None => step.op.key,
    };
    if let Some(current) = leases.iter().find_map(|lease| lease.pending.get(&key)) {
        return Ok(Some(current.clone()));
    }
    stored(node.group_of(key.compartment.slot)?.partition(), plan.tenant, &key)
}

/// A resource whose patient changed: all its rows leave the old compartment, the new version and all history enter the
/// new one, and the directory says so, all in one transaction.
fn relocate(
    node: &Inner,
    plan: &Plan,
    step: &Step,
    mutations: &mut [log::Mutation],
    parts: &mut Parts,
) -> Result<(), Error> {
    let Some(from) = step.moved_from else { return Ok(()) };
    let Some(log::mutation::Kind::Put(put)) = mutations.first_mut().and_then(|first| first.kind.as_mut())
    else {
        return Ok(());
    };
    let old_key = ResourceKey { compartment: from, ..step.op.key };
    let partition = node.group_of(from.slot)?.partition();
    let from_partition = node.partition_of(from.slot);
    put.adopted = adopted(partition, from_partition, plan.tenant, &old_key).map_err(crate::error::storage)?;
    let evict = log::Evict { key: Some(old_key.into()), expected_version: put.expected_version };
    put.expected_version = 0;
    let evict = log::Mutation { kind: Some(log::mutation::Kind::Evict(evict)) };
    parts.entry(from_partition).or_default().push(evict);
    if let Home::Row { slot, found } = step.home {
        let mut row = locate(&step.op, slot);
        if let Some(log::mutation::Kind::Locate(row)) = row.kind.as_mut() {
            row.expected = found.map(Into::into);
        }
        parts.entry(node.partition_of(slot)).or_default().push(row);
    }
    Ok(())
}

async fn commit_one(
    node: &Inner,
    partition: PartitionId,
    plan: &Plan,
    now_ms: u64,
    mutations: Vec<log::Mutation>,
    answers: Vec<WriteResponse>,
) -> Result<Attempt, Error> {
    let (dedup, share) = (plan.dedup.clone(), plan.share.clone());
    let batch = Batch { tenant: plan.tenant, ops: vec![], dedup, decision: None, share };
    let command = command(&batch, now_ms, mutations, &answers);
    let applied = node.group(partition)?.propose(command).await.map_err(crate::error::propose)?;
    match applied {
        Applied::Done => Ok(Attempt::Done(answers)),
        other => two_phase::refused(node, partition, other).await,
    }
}
