//! Answers of requests that wrote nothing. Under an idempotency key they are kept all the same: the same request sent again
//! when the record is another would write.

use super::{Attempt, command, part::Part};
use crate::{compartment::Dedup, engine::Engine};
use proto::{Error, TenantId, api::v1::WriteResponse};

/// Keeps `answers` under the key, if there is one; `Repeated` where it had answers already.
pub async fn keep(
    node: &Engine,
    tenant: TenantId,
    dedup: Option<&Dedup>,
    answers: Vec<WriteResponse>,
) -> Result<Attempt, Error> {
    let Some(dedup) = dedup else { return Ok(Attempt::Done(answers)) };
    let (partition, now_ms) = (node.partition_of(dedup.home), node.clock.now_ms());
    command::commit(node, partition, tenant, Some(dedup), now_ms, Part::default(), answers).await
}
