//! The verbs of a partition that has no replica here: its leader is asked, who proves first that it leads.

use super::{
    Partition,
    applied::compartment_from,
    ask::{incomplete, question},
    guess::ask_leader,
    seen::{Seen, State},
    told::{ROWS, numbered, version_from},
};
use bytes::Bytes;
use proto::{
    CompartmentKey, Error, PartitionId, ResourceKey, TenantId,
    internal::v1::{self as wire, rows_request::Verb},
    log::v1 as log,
};
use storage::{Answered, Lock, Prepared, Version};

/// What the leader says to a verb.
pub async fn rows(partition: Partition<'_>, tenant: TenantId, verb: Verb) -> Result<wire::RowsAnswer, Error> {
    let message = wire::RowsRequest { partition: u32::from(partition.id.0), verb: Some(verb) };
    let request = wire::Request { tenant: tenant.0, ..question(ROWS, &message) };
    // Boxed: nearly every node has nearly every replica that it reads.
    Box::pin(ask_leader(partition, &request)).await
}

pub async fn one_row(
    partition: Partition<'_>,
    tenant: TenantId,
    verb: Verb,
) -> Result<Option<Version>, Error> {
    rows(partition, tenant, verb).await?.rows.first().map(version_from).transpose()
}

pub async fn versions(
    partition: Partition<'_>,
    tenant: TenantId,
    key: &ResourceKey,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Version>, Error> {
    let verb = Verb::Newest(wire::Newest { key: Some((*key).into()), before, limit: limit as u64 });
    rows(partition, tenant, verb).await?.rows.iter().map(version_from).collect()
}

pub async fn place(
    partition: Partition<'_>,
    tenant: TenantId,
    own: CompartmentKey,
) -> Result<Option<CompartmentKey>, Error> {
    let answer = rows(partition, tenant, Verb::Place(own.into())).await?;
    answer.place.as_ref().map(|place| compartment_from(Some(place))).transpose()
}

pub async fn lock(partition: Partition<'_>, tenant: TenantId, verb: Verb) -> Result<Option<Lock>, Error> {
    Ok(rows(partition, tenant, verb).await?.lock.map(lock_from))
}

pub async fn state(
    partition: Partition<'_>,
    tenant: TenantId,
    key: &ResourceKey,
    movable: bool,
) -> Result<State, Error> {
    let asked = wire::StateRequest { key: Some((*key).into()), movable };
    let answer = rows(partition, tenant, Verb::State(asked)).await?;
    let row = answer.rows.first().map(version_from).transpose()?;
    Ok(State { lock: answer.lock.map(lock_from), row, is_listed: answer.is_listed })
}

pub async fn seen(
    partition: Partition<'_>,
    tenant: TenantId,
    hits: &[(ResourceKey, u64)],
) -> Result<Vec<Seen>, Error> {
    let mut told = Vec::with_capacity(hits.len());
    while told.len() < hits.len() {
        let left = hits[told.len()..].iter().map(|(key, version)| numbered(key, *version)).collect();
        let answer = rows(partition, tenant, Verb::Matched(wire::Matched { hits: left })).await?;
        if answer.seen.is_empty() {
            return Err(incomplete("what hits came to"));
        }
        told.extend(answer.seen);
    }
    let one = |seen: &wire::SeenRow| match &seen.row {
        Some(row) => version_from(row).map(Seen::Here),
        None if seen.elsewhere => Ok(Seen::Elsewhere),
        None => Ok(Seen::Gone),
    };
    told.iter().take(hits.len()).map(one).collect()
}

pub async fn prepared_one(
    partition: Partition<'_>,
    tenant: TenantId,
    transaction: &Bytes,
) -> Result<Option<Prepared>, Error> {
    let found = rows(partition, tenant, Verb::Prepared(transaction.clone())).await?.prepared;
    let read = |row: wire::PreparedRow| Prepared {
        tenant,
        transaction: row.transaction,
        coordinator: PartitionId(row.coordinator as u16),
        deadline_ms: row.deadline_ms,
    };
    Ok(found.map(read))
}

pub async fn answered(
    partition: Partition<'_>,
    tenant: TenantId,
    key: &[u8],
    now_ms: u64,
) -> Result<Option<Answered>, Error> {
    let asked = wire::AnsweredRequest { key: Bytes::copy_from_slice(key), now_ms };
    let found = rows(partition, tenant, Verb::Answered(asked)).await?.answered;
    let read = |row: wire::AnsweredRow| Answered {
        expires_ms: row.expires_ms,
        fingerprint: row.fingerprint,
        response: row.response,
    };
    Ok(found.map(read))
}

pub async fn adopted(
    partition: Partition<'_>,
    tenant: TenantId,
    key: &ResourceKey,
) -> Result<Vec<log::Version>, Error> {
    Ok(rows(partition, tenant, Verb::Adopted((*key).into())).await?.adopted)
}

fn lock_from(lock: wire::Locked) -> Lock {
    Lock { transaction: lock.transaction, coordinator: PartitionId(lock.coordinator as u16) }
}
