//! Two-phase commit across partitions. Participants and the decision are Raft-logged, so the protocol survives the
//! loss of any process at any point:
//!
//! | state at a participant | who resolves it |
//! |---|---|
//! | prepared, no decision logged, before the deadline | the coordinator is still at work: wait |
//! | prepared, no decision logged, after the deadline | anyone: logs *abort* at the coordinator; the first decision stands |
//! | prepared, decision logged | anyone: Finish with that decision |

use super::{Attempt, Plan, relocate::Parts};
use crate::{compartment::log_write, engine::Inner};
use bytes::Bytes;
use futures::future::{join_all, try_join_all};
use proto::{Code, Error, PartitionId, TenantId, api::v1::WriteResponse, log::v1 as log};
use std::time::Duration;
use storage::Applied;

/// Commits `parts`; `coordinator`'s own part goes with the decision.
pub async fn commit(
    node: &Inner,
    coordinator: PartitionId,
    plan: Plan,
    now_ms: u64,
    mut parts: Parts,
    answers: Vec<WriteResponse>,
) -> Result<Attempt, Error> {
    let own = parts.remove(&coordinator).unwrap_or_default();
    let transaction = Transaction::new(plan.tenant, coordinator, &parts);
    if let Some(refusal) = transaction.prepare(node, parts, now_ms).await? {
        transaction.abort(node).await;
        return refused(node, coordinator, refusal).await;
    }
    let write = log_write(plan.dedup.as_ref(), now_ms, own, &answers);
    let window = node.visibility.open().await;
    let decision = transaction.decide(node, now_ms, true, write).await?;
    let committed = matches!(decision, Applied::Decided { commit: true });
    transaction.finish_or_log(node, committed).await;
    drop(window);
    match decision {
        Applied::Decided { commit: true } => Ok(Attempt::Done(answers)),
        other => refused(node, coordinator, other).await,
    }
}

/// A transaction under way.
pub struct Transaction {
    id: Bytes,
    tenant: TenantId,
    coordinator: PartitionId,
    participants: Vec<PartitionId>,
}

impl Transaction {
    /// With a new id; its participants are the partitions of `parts`.
    pub fn new(tenant: TenantId, coordinator: PartitionId, parts: &Parts) -> Self {
        let id = Bytes::copy_from_slice(&rand::random::<[u8; 16]>());
        Transaction { id, tenant, coordinator, participants: parts.keys().copied().collect() }
    }

    /// Its name in the log.
    pub fn id(&self) -> Bytes {
        self.id.clone()
    }

    /// Those that have to finish, as the log names them.
    pub fn participants(&self) -> Vec<u32> {
        self.participants.iter().map(|partition| u32::from(partition.0)).collect()
    }

    /// Asks for an abort and finishes with what stands: the first decision.
    pub async fn abort(&self, node: &Inner) {
        match self.decide(node, node.clock.now_ms(), false, log::Write::default()).await {
            Ok(decision) => {
                self.finish_or_log(node, matches!(decision, Applied::Decided { commit: true })).await;
            }
            Err(error) => tracing::warn!(%error, "a transaction is not decided yet; its readers will ask"),
        }
    }

    /// Phase one, at all participants at once. The first refusal, if any.
    pub async fn prepare(&self, node: &Inner, parts: Parts, now_ms: u64) -> Result<Option<Applied>, Error> {
        let deadline_ms = now_ms + node.options.transaction_timeout.as_millis() as u64;
        let prepare = |(partition, mutations)| {
            let kind = log::command::Kind::Prepare(log::Prepare {
                transaction: self.id.clone(),
                coordinator_partition: u32::from(self.coordinator.0),
                mutations,
                deadline_ms,
                releases: vec![],
            });
            self.propose(node, partition, now_ms, kind)
        };
        let outcomes = join_all(parts.into_iter().map(prepare)).await;
        let mut refusal = None;
        for outcome in outcomes {
            match outcome {
                Ok(Applied::Done) => {}
                Ok(other) => refusal = Some(other),
                // Not known whether it is prepared: an abort settles it either way.
                Err(error) => {
                    tracing::warn!(%error, "a participant did not prepare");
                    refusal = Some(Applied::Decided { commit: false });
                }
            }
        }
        Ok(refusal)
    }

    async fn decide(
        &self,
        node: &Inner,
        now_ms: u64,
        commit: bool,
        write: log::Write,
    ) -> Result<Applied, Error> {
        let kind = log::command::Kind::Decide(log::Decide {
            transaction: self.id.clone(),
            commit,
            write: Some(write),
            participants: self.participants(),
        });
        self.propose(node, self.coordinator, now_ms, kind).await
    }

    /// Phase two, at all participants at once. A participant that cannot be reached asks for the decision later.
    async fn finish(&self, node: &Inner, commit: bool) -> Result<(), Error> {
        let finish = |partition: &PartitionId| self.finish_at(node, *partition, commit);
        try_join_all(self.participants.iter().map(finish)).await.map(|_| ())
    }

    /// The decision stands whatever happens here: what is left prepared is finished by whoever meets it.
    pub async fn finish_or_log(&self, node: &Inner, commit: bool) {
        if let Err(error) = self.finish(node, commit).await {
            tracing::warn!(%error, "a participant is not finished yet; its readers will ask again");
        }
    }

    async fn finish_at(&self, node: &Inner, partition: PartitionId, commit: bool) -> Result<Applied, Error> {
        let kind = log::command::Kind::Finish(log::Finish { transaction: self.id.clone(), commit });
        self.propose(node, partition, node.clock.now_ms(), kind).await
    }

    async fn propose(
        &self,
        node: &Inner,
        partition: PartitionId,
        now_ms: u64,
        kind: log::command::Kind,
    ) -> Result<Applied, Error> {
        let command = log::Command { time_ms: now_ms, tenant: self.tenant.0, kind: Some(kind) };
        node.group(partition)?.propose(command).await.map_err(crate::error::propose)
    }
}

/// What a refusal at apply means for the attempt. A lock is waited out first.
pub async fn refused(node: &Inner, partition: PartitionId, applied: Applied) -> Result<Attempt, Error> {
    match applied {
        Applied::Duplicate { response } => crate::answer::decode(&response).map(Attempt::Repeated),
        Applied::Conflict { .. } | Applied::LocateConflict { .. } | Applied::Decided { commit: false } => {
            Ok(Attempt::Stale)
        }
        Applied::Locked { .. } => {
            settle_all(node, partition).await?;
            Ok(Attempt::Stale)
        }
        Applied::KeyTaken => Err(crate::compartment::key_reused()),
        other => {
            tracing::error!(?other, "an applied command answered what it cannot");
            Err(Error::new(Code::Internal, "the write was not applied; the server's log says why"))
        }
    }
}

/// Resolves every prepared transaction of a partition.
async fn settle_all(node: &Inner, partition: PartitionId) -> Result<(), Error> {
    let prepared = node.group(partition)?.partition().prepared().map_err(crate::error::storage)?;
    for record in prepared {
        settle(node, partition, &record).await?;
    }
    Ok(())
}

/// Brings the transaction that holds a lock in this partition to its end.
pub async fn settle_lock(
    node: &Inner,
    partition: PartitionId,
    tenant: TenantId,
    lock: &storage::Lock,
) -> Result<(), Error> {
    let prepared = node.group(partition)?.partition().prepared().map_err(crate::error::storage)?;
    let holds =
        |record: &&storage::Prepared| record.tenant == tenant && record.transaction == lock.transaction;
    match prepared.iter().find(holds) {
        Some(record) => settle(node, partition, record).await,
        None => Ok(()),
    }
}

/// Brings one prepared transaction to its end: waits for the decision while its coordinator may be at work, has it
/// aborted when the deadline has passed, and finishes it here.
pub async fn settle(node: &Inner, partition: PartitionId, record: &storage::Prepared) -> Result<(), Error> {
    let transaction = Transaction {
        id: record.transaction.clone(),
        tenant: record.tenant,
        coordinator: record.coordinator,
        participants: vec![partition],
    };
    let mut pause = SETTLE_PAUSE_MIN;
    let commit = loop {
        let coordinator = node.group(record.coordinator)?;
        coordinator.read_barrier().await.map_err(|_| crate::engine::unavailable(record.coordinator))?;
        let decision = coordinator
            .partition()
            .decision(record.tenant, &record.transaction)
            .map_err(crate::error::storage)?;
        if let Some(commit) = decision {
            break commit;
        }
        if node.clock.now_ms() >= record.deadline_ms {
            let decided = transaction.decide(node, node.clock.now_ms(), false, log::Write::default()).await?;
            break matches!(decided, Applied::Decided { commit: true });
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(SETTLE_PAUSE_MAX);
    };
    transaction.finish(node, commit).await
}

/// Finishes a prepared transaction here if its decision is logged; leaves it alone if not.
pub async fn finish_if_decided(
    node: &Inner,
    partition: PartitionId,
    transaction: Bytes,
    coordinator: PartitionId,
    tenant: TenantId,
) -> Result<(), Error> {
    let group = node.group(coordinator)?;
    group.read_barrier().await.map_err(|_| crate::engine::unavailable(coordinator))?;
    let decision = group.partition().decision(tenant, &transaction).map_err(crate::error::storage)?;
    let Some(commit) = decision else { return Ok(()) };
    let transaction = Transaction { id: transaction, tenant, coordinator, participants: vec![partition] };
    transaction.finish(node, commit).await
}

const SETTLE_PAUSE_MIN: Duration = Duration::from_millis(1);
const SETTLE_PAUSE_MAX: Duration = Duration::from_millis(50);
