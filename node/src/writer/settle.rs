//! Ends transactions whose coordinator did not: asks for the decision, has one made where nobody will make it, and
//! finishes with what stands.

use super::{
    Attempt,
    transaction::{Transaction, committed},
};
use crate::{engine::Engine, partition::Partition};
use bytes::Bytes;
use proto::{Code, Error, PartitionId, TenantId};
use std::time::Duration;
use storage::{Applied, Prepared};

const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(50);

/// What a refusal at apply, in that partition, means for the attempt. A lock is waited out first.
pub async fn refused(
    node: &Engine,
    tenant: TenantId,
    partition: PartitionId,
    applied: Applied,
) -> Result<Attempt, Error> {
    match applied {
        Applied::Duplicate { response } => crate::answer::decode(&response).map(Attempt::Repeated),
        Applied::KeyTaken => Err(crate::compartment::key_reused()),
        Applied::Conflict { .. } | Applied::LocateConflict { .. } | Applied::Decided { commit: false } => {
            Ok(Attempt::Stale)
        }
        Applied::ReservationLost { .. } => Ok(Attempt::Lost),
        Applied::Locked { transaction, .. } => {
            // Boxed: it is rare, and every write would carry its future along.
            Box::pin(settle(node, partition, tenant, &transaction)).await?;
            Ok(Attempt::Stale)
        }
        Applied::Outdated { .. } => {
            // What is tried next is made with the newer parameters.
            node.learn().await?;
            Ok(Attempt::Stale)
        }
        Applied::TenantEnded => Err(crate::error::tenant_ended()),
        other => {
            tracing::error!(?other, "an applied command answered what it cannot");
            Err(Error::new(Code::Internal, "the write was not applied; the server's log says why"))
        }
    }
}

/// Brings the transaction that holds a lock in this partition to its end there.
pub async fn settle_lock(
    node: &Engine,
    partition: PartitionId,
    tenant: TenantId,
    lock: &storage::Lock,
) -> Result<(), Error> {
    Box::pin(settle(node, partition, tenant, &lock.transaction)).await
}

/// Brings a transaction to its end in this partition, if it is prepared there: waits while its coordinator may be at work.
pub async fn settle(
    node: &Engine,
    partition: PartitionId,
    tenant: TenantId,
    transaction: &Bytes,
) -> Result<(), Error> {
    let mut pause = PAUSE_MIN;
    loop {
        let prepared = node.current(partition).await?.prepared_one(tenant, transaction).await?;
        let Some(record) = prepared else { return Ok(()) };
        if try_settle(node, partition, &record).await? != Settled::Open {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// What became of a transaction in one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Committed,
    Aborted,
    /// Somebody else finished it.
    Before,
    /// It is not decided, and its coordinator may be at work.
    Open,
}

/// Brings a prepared transaction to its end in this partition, if that can be told now.
pub async fn try_settle(node: &Engine, partition: PartitionId, record: &Prepared) -> Result<Settled, Error> {
    let Prepared { tenant, transaction, coordinator, .. } = record;
    let decision = node.current(*coordinator).await?.decision(*tenant, transaction).await?;
    let transaction = Transaction::of(record, partition);
    let commit = match decision {
        Some(commit) => commit,
        // Forgotten, perhaps: that is after it was finished here.
        None if !is_prepared(node, partition, record).await? => return Ok(Settled::Before),
        None if !is_abandoned(node, record).await => return Ok(Settled::Open),
        // The first decision stands, so asking for an abort too early does no harm.
        None => committed(&transaction.decide_abort(node).await?),
    };
    transaction.finish(node, commit).await?;
    Ok(if commit { Settled::Committed } else { Settled::Aborted })
}

async fn is_prepared(node: &Engine, partition: PartitionId, record: &Prepared) -> Result<bool, Error> {
    let found = node.current(partition).await?.prepared_one(record.tenant, &record.transaction).await?;
    Ok(found.is_some())
}

/// Whether nobody will decide: its coordinator's process is gone, or its time is up.
pub async fn is_abandoned(node: &Engine, record: &Prepared) -> bool {
    node.clock.now_ms() >= record.deadline_ms || !node.is_at_work(&record.transaction).await
}

/// Finishes the transaction that holds a lock in this partition if its decision is logged; leaves it alone if not. If it is
/// committed, what it wrote is in the partition's rows then.
pub async fn finish_if_decided(
    node: &Engine,
    partition: Partition<'_>,
    tenant: TenantId,
    lock: storage::Lock,
) -> Result<(), Error> {
    let coordinator = node.current(lock.coordinator).await?;
    let record =
        Prepared { tenant, transaction: lock.transaction, coordinator: lock.coordinator, deadline_ms: 0 };
    finish_if_known(node, coordinator, partition.id(), record).await?;
    // Also where no decision is known: a forgotten one was finished here before.
    partition.barrier().await
}

/// Finishes a transaction that is prepared in this partition if its coordinator, which is current, has its decision; whether it does.
pub async fn finish_if_known(
    node: &Engine,
    coordinator: Partition<'_>,
    partition: PartitionId,
    record: Prepared,
) -> Result<bool, Error> {
    let Some(commit) = coordinator.decision(record.tenant, &record.transaction).await? else {
        return Ok(false);
    };
    match Transaction::of(&record, partition).finish(node, commit).await {
        // The leader hands over because of that: who only reads waits for the next one.
        Err(error) if error.code == Code::StorageFull && !node.cluster.is_alone() => {
            Err(Error::new(Code::Unavailable, error.diagnostics()))
        }
        finished => finished.map(|()| true),
    }
}
