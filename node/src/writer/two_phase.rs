//! Two-phase commit across partitions. Participants and the decision are Raft-logged, so the protocol survives the
//! loss of any process at any point:
//!
//! | state at a participant | who resolves it |
//! |---|---|
//! | prepared, no decision logged, its coordinator may be at work | the coordinator: wait |
//! | prepared, no decision logged, its coordinator's process is gone, or the deadline has passed | anyone: logs *abort* at the coordinator's partition; the first decision stands |
//! | prepared, decision logged | anyone: Finish with that decision |
//!
//! Who meets a prepared row does it ([`settle`](super::settle)), and for rows that nobody meets the
//! [`resolver`](super::resolver). When all participants have finished, the decision is forgotten.

use super::{
    Attempt, Plan,
    part::Parts,
    settle::refused,
    transaction::{Transaction, committed},
};
use crate::{
    compartment::{Lease, log_write},
    engine::Engine,
};
use proto::{Code, Error, PartitionId, api::v1::WriteResponse};

/// Commits `parts`; `coordinator`'s own part goes with the decision. `leases` are held until it is decided.
pub async fn commit(
    node: &Engine,
    coordinator: PartitionId,
    plan: Plan,
    now_ms: u64,
    mut parts: Parts,
    answers: Vec<WriteResponse>,
    leases: Vec<Lease>,
) -> Result<Attempt, Error> {
    let own = parts.remove(&coordinator).unwrap_or_default();
    let transaction = Transaction::new(node, plan.tenant, coordinator, &parts);
    if let Some((partition, refusal)) = transaction.prepare(node, parts, now_ms).await? {
        transaction.abort(node).await;
        // Who holds the lock that is waited for may wait for these compartments: `directory` prepares first.
        drop(leases);
        return refused(node, plan.tenant, partition, refusal).await;
    }
    let write = log_write(plan.dedup.as_ref(), now_ms, own.mutations, own.releases, &answers);
    let window = node.visibility.open().await;
    let decision = match transaction.decide(node, now_ms, true, write).await {
        Ok(decision) => decision,
        // The first decision stands: this asks for it as much as it aborts.
        Err(error) => match transaction.abort(node).await {
            Some(true) => return Ok(Attempt::Done(answers)),
            Some(false) if error.code == Code::OutcomeUnknown => return Ok(Attempt::Stale),
            _ => return Err(error),
        },
    };
    transaction.finish_or_log(node, committed(&decision)).await;
    drop((window, leases));
    match committed(&decision) {
        true => Ok(Attempt::Done(answers)),
        false => refused(node, plan.tenant, coordinator, decision).await,
    }
}
