//! What one partition writes by itself, in one command.

use super::{Attempt, part::Part, settle};
use crate::{
    compartment::{Dedup, log_write},
    engine::Engine,
};
use proto::{
    Error, PartitionId, TenantId,
    api::v1::WriteResponse,
    log::v1::{self as log, command::Kind},
};
use storage::Applied;

/// Writes `part`, decided at `now_ms`, and keeps `answers` under the idempotency key; `Repeated` where that had answers
/// already.
pub async fn commit(
    node: &Engine,
    partition: PartitionId,
    tenant: TenantId,
    dedup: Option<&Dedup>,
    now_ms: u64,
    part: Part,
    answers: Vec<WriteResponse>,
) -> Result<Attempt, Error> {
    match write(node, partition, tenant, dedup, now_ms, part, &answers).await? {
        Applied::Done => Ok(Attempt::Done(answers)),
        other => settle::refused(node, tenant, partition, other).await,
    }
}

/// The same, up to what apply says.
pub async fn write(
    node: &Engine,
    partition: PartitionId,
    tenant: TenantId,
    dedup: Option<&Dedup>,
    now_ms: u64,
    part: Part,
    answers: &[WriteResponse],
) -> Result<Applied, Error> {
    let write = log_write(dedup, now_ms, part.mutations, part.releases, answers);
    let command = log::Command { time_ms: now_ms, tenant: tenant.0, kind: Some(Kind::Write(write)) };
    node.partition(partition)?.propose(command).await
}
