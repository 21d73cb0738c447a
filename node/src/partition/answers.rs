//! The verbs of partitions that this node leads, carried out for nodes without a replica of them.

use super::{
    Partition,
    applied::{compartment_from, key_from},
    ask::{incomplete, unreadable},
    seen::Seen,
    told::version_to,
};
use crate::bounds::Share;
use bytes::Bytes;
use cluster::Cluster;
use prost::Message;
use proto::{
    Error, PartitionId, TenantId,
    internal::v1::{self as wire, rows_request::Verb},
};
use storage::{Lock, Version};

/// Of many rows so many bytes, and one more, go into one answer: the rest is asked for again.
const ANSWER_BYTES: usize = 8 << 20;

/// Answers another node.
///
/// # Errors
/// `Unavailable` where this node does not lead the partition.
pub async fn answer(
    cluster: &Cluster,
    tenant: TenantId,
    share: &Share,
    message: Bytes,
) -> Result<Bytes, Error> {
    let request = wire::RowsRequest::decode(message).map_err(|error| unreadable(&error))?;
    let partition = Partition::led_here(cluster, PartitionId(request.partition as u16))?;
    partition.barrier().await?;
    let verb = request.verb.ok_or_else(|| incomplete("a verb"))?;
    let answer = carried_out(partition, tenant, verb).await?;
    // By itself, and encoded.
    share.take(2 * answer.encoded_len())?;
    Ok(answer.encode_to_vec().into())
}

async fn carried_out(at: Partition<'_>, tenant: TenantId, verb: Verb) -> Result<wire::RowsAnswer, Error> {
    let one = |row: Option<Version>| wire::RowsAnswer {
        rows: row.into_iter().map(version_to).collect(),
        ..Default::default()
    };
    Ok(match verb {
        Verb::Current(key) => one(at.get(tenant, &key_from(Some(&key))?).await?),
        Verb::Numbered(asked) => {
            one(at.get_version(tenant, &key_from(asked.key.as_ref())?, asked.version).await?)
        }
        Verb::Newest(asked) => {
            let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
            let found = at.versions(tenant, &key_from(asked.key.as_ref())?, asked.before, limit).await?;
            wire::RowsAnswer { rows: found.into_iter().map(version_to).collect(), ..Default::default() }
        }
        Verb::Place(own) => {
            let place = at.locate(tenant, compartment_from(Some(&own))?).await?;
            wire::RowsAnswer { place: place.map(Into::into), ..Default::default() }
        }
        Verb::Lock(key) => held(at.lock_of(tenant, &key_from(Some(&key))?).await?),
        Verb::PlaceLock(own) => held(at.lock_of_location(tenant, compartment_from(Some(&own))?).await?),
        Verb::State(asked) => {
            let state = at.state(tenant, &key_from(asked.key.as_ref())?, asked.movable).await?;
            wire::RowsAnswer { is_listed: state.is_listed, rows: one(state.row).rows, ..held(state.lock) }
        }
        Verb::Matched(asked) => {
            let (mut seen, mut bytes) = (vec![], 0);
            for hit in &asked.hits {
                let one = at.seen(tenant, &[(key_from(hit.key.as_ref())?, hit.version)]).await?;
                seen.extend(one.into_iter().map(seen_to));
                bytes += seen.last().and_then(|seen| seen.row.as_ref()).map_or(0, |row| row.body.len());
                if bytes > ANSWER_BYTES {
                    break;
                }
            }
            wire::RowsAnswer { seen, ..Default::default() }
        }
        Verb::Prepared(name) => {
            let prepared = at.prepared_one(tenant, &name).await?.map(|record| wire::PreparedRow {
                transaction: record.transaction,
                coordinator: u32::from(record.coordinator.0),
                deadline_ms: record.deadline_ms,
            });
            wire::RowsAnswer { prepared, ..Default::default() }
        }
        Verb::Decision(name) => {
            wire::RowsAnswer { decision: at.decision(tenant, &name).await?, ..Default::default() }
        }
        Verb::Answered(asked) => {
            let found = at.answered(tenant, &asked.key, asked.now_ms).await?;
            let answered = found.map(|row| wire::AnsweredRow {
                expires_ms: row.expires_ms,
                fingerprint: row.fingerprint,
                response: row.response,
            });
            wire::RowsAnswer { answered, ..Default::default() }
        }
        Verb::Adopted(key) => {
            let adopted = at.adopted(tenant, &key_from(Some(&key))?).await?;
            wire::RowsAnswer { adopted, ..Default::default() }
        }
    })
}

fn held(lock: Option<Lock>) -> wire::RowsAnswer {
    let lock = lock.map(|lock| wire::Locked {
        transaction: lock.transaction,
        coordinator: u32::from(lock.coordinator.0),
    });
    wire::RowsAnswer { lock, ..Default::default() }
}

fn seen_to(seen: Seen) -> wire::SeenRow {
    match seen {
        Seen::Here(row) => wire::SeenRow { row: Some(version_to(row)), elsewhere: false },
        Seen::Gone => wire::SeenRow::default(),
        Seen::Elsewhere => wire::SeenRow { row: None, elsewhere: true },
    }
}
