//! Answers of requests that wrote nothing. Under an idempotency key they are kept all the same: the same request sent again
//! when the record is another would write.

use super::{Attempt, settle};
use crate::{
    bounds::Share,
    compartment::{Batch, Dedup, command},
    engine::Inner,
};
use proto::{Error, TenantId, api::v1::WriteResponse};
use storage::Applied;

/// Keeps `answers` under the key, if there is one; `Repeated` where it had answers already.
pub async fn keep(
    node: &Inner,
    tenant: TenantId,
    dedup: Option<&Dedup>,
    answers: Vec<WriteResponse>,
) -> Result<Attempt, Error> {
    let Some(dedup) = dedup else { return Ok(Attempt::Done(answers)) };
    let partition = node.partition_of(dedup.home);
    let batch = Batch {
        tenant,
        ops: vec![],
        dedup: Some(dedup.clone()),
        releases: vec![],
        decision: None,
        share: Share::default(),
    };
    let command = command(&batch, node.clock.now_ms(), vec![], &answers);
    match node.group(partition)?.propose(command).await.map_err(crate::error::propose)? {
        Applied::Done => Ok(Attempt::Done(answers)),
        other => settle::refused(node, tenant, partition, other).await,
    }
}
