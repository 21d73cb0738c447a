//! Conditional interactions: <https://hl7.org/fhir/R4/http.html#ccreate>. "Exactly one" holds under any concurrency:
//! the normalised criteria have a home partition, where a reservation is logged before the search and given back with
//! the write. Whoever asks with the same criteria meanwhile waits.

use crate::{
    compartment::Dedup,
    draft::Parsed,
    engine::Inner,
    interaction::{self, answered_before, create::write, find_keys, patch::Patch},
    place,
    service::Context,
};
use bytes::Bytes;
use fhir::definitions::ResourceType;
use parking_lot::Mutex;
use proto::{
    Code, Error, PartitionId, ResourceId, ResourceKey, Slot, TenantId,
    api::v1::{Outcome, WriteResponse},
    log::v1 as log,
};
use rustc_hash::FxHashMap;
use std::{sync::Arc, time::Duration};
use storage::{Applied, Partition};
use tokio::sync::OwnedMutexGuard;

/// A single conditional create.
pub async fn create(
    node: &Inner,
    context: &Context,
    parsed: &Parsed,
    criteria: &str,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let reservation = Reservation::take(node, context.tenant, parsed.resource_type, criteria).await?;
    let slot = reservation.slot;
    let outcome = async {
        let dedup = dedup(place::slot_for(context.tenant, parsed, slot))?;
        if let Some(answer) = answered_before(node, context.tenant, dedup.as_ref()).await? {
            return Ok(answer);
        }
        match only_match(node, context, parsed.resource_type, criteria).await? {
            Some(key) => found(node, context.tenant, parsed.resource_type, &key).await,
            // A free-standing resource is created at the criteria's own slot.
            None => write(node, context, parsed, slot, dedup).await,
        }
    };
    let outcome = outcome.await;
    reservation.release(node).await;
    outcome
}

/// A conditional patch: <https://hl7.org/fhir/R4/http.html#patch>. The version that was found to match is the one that is
/// patched; where another writer comes in between, the search is made again.
pub async fn patch(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    criteria: &str,
    if_match: Option<u64>,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let resource_type = patch.resource_type();
    let reservation = Reservation::take(node, context.tenant, resource_type, criteria).await?;
    let dedup = match dedup(reservation.slot) {
        Ok(dedup) => dedup,
        Err(error) => {
            reservation.release(node).await;
            return Err(error);
        }
    };
    let mut outcome = Err(crate::interaction::contended());
    let mut pause = CAME_FIRST_PAUSE;
    for _ in 0..node.options.write_attempts_max {
        let answer = patch_match(node, context, patch, criteria, if_match, dedup.clone()).await;
        let came_first = answer.as_ref().is_err_and(|error| error.code == Code::VersionConflict);
        if if_match.is_some() || !came_first {
            outcome = answer;
            break;
        }
        // A search sees what is applied, the actor what is on its way there.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(HELD_PAUSE);
    }
    reservation.release(node).await;
    outcome
}

async fn patch_match(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    criteria: &str,
    if_match: Option<u64>,
    dedup: Option<Dedup>,
) -> Result<WriteResponse, Error> {
    let resource_type = patch.resource_type();
    if let Some(answer) = answered_before(node, context.tenant, dedup.as_ref()).await? {
        return Ok(answer);
    }
    let key = only_match(node, context, resource_type, criteria).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("no {} matches '{criteria}'", resource_type.name()))
    })?;
    let found = found(node, context.tenant, resource_type, &key).await?;
    let version = if_match.or(found.version_id.parse().ok());
    interaction::patch::one(node, context, patch, key.id, version, dedup).await
}

/// The answer of a conditional create that found its match: nothing was written.
pub async fn found(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    key: &ResourceKey,
) -> Result<WriteResponse, Error> {
    // It may have moved since the search.
    let look = |rows: &Partition, key: &ResourceKey| rows.get(tenant, key).map_err(crate::error::storage);
    let row = place::look(node, tenant, resource_type, key.id, look).await?;
    let row = row.ok_or_else(crate::interaction::contended)?;
    Ok(WriteResponse {
        outcome: Outcome::Unchanged as i32,
        resource_type: resource_type.name().to_owned(),
        id: key.id.as_str().to_owned(),
        version_id: row.version.to_string(),
        last_updated_ms: row.last_updated_ms,
        body: row.body,
    })
}

/// The one resource that matches; `None`: none does. More than one is an error.
pub async fn only_match(
    node: &Inner,
    context: &Context,
    resource_type: ResourceType,
    criteria: &str,
) -> Result<Option<ResourceKey>, Error> {
    let keys = find_keys(node, context.tenant, resource_type, criteria, 2).await?;
    match keys.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Error::new(
            Code::MultipleMatches,
            format!(
                "more than one {0} matches '{criteria}'; make the criteria name exactly one",
                resource_type.name()
            ),
        )),
    }
}

/// What a conditional reference such as `Organization?identifier=system|value` names; exactly one must match.
pub async fn resolve_reference(node: &Inner, context: &Context, reference: &str) -> Result<String, Error> {
    let unresolved = |why: &str| {
        Error::new(Code::PreconditionFailed, format!("the conditional reference '{reference}' {why}"))
    };
    let bare = || unresolved("has no criteria").as_issue("value");
    let (name, criteria) = reference.split_once('?').ok_or_else(bare)?;
    let resource_type = crate::draft::known_type(name)?;
    let code = resource_type.code();
    if let Some(id) = node.references.get(context.tenant, code, reference) {
        return Ok(format!("{name}/{id}"));
    }
    let generation = node.references.generation(code);
    let key = only_match(node, context, resource_type, criteria).await?;
    let none = || unresolved("matches no resource; create it first").as_issue("not-found");
    let id: ResourceId = key.ok_or_else(none)?.id;
    node.references.put(context.tenant, reference, id, generation);
    Ok(format!("{name}/{id}"))
}

/// The right to decide about one set of criteria.
pub struct Reservation {
    tenant: TenantId,
    partition: PartitionId,
    /// The criteria's home slot.
    pub slot: Slot,
    criteria: Bytes,
    holder: Bytes,
    _turn: OwnedMutexGuard<()>,
}

impl Reservation {
    /// Waits for its turn: first in this process, then in the log.
    pub async fn take(
        node: &Inner,
        tenant: TenantId,
        resource_type: ResourceType,
        criteria: &str,
    ) -> Result<Reservation, Error> {
        let criteria = normalise(resource_type, criteria);
        let slot = proto::id::key_slot(tenant, criteria.as_bytes());
        let turn = TURNS.turn(tenant, &criteria).lock_owned().await;
        let reservation = Reservation {
            tenant,
            partition: node.partition_of(slot),
            slot,
            criteria: criteria.into_bytes().into(),
            // In this process the turn keeps others out; the log keeps other nodes out. So the node is the holder, and
            // what it held before a restart it simply holds again.
            holder: Bytes::copy_from_slice(&node.options.cluster.node_id.to_be_bytes()),
            _turn: turn,
        };
        loop {
            match reservation.propose(node).await? {
                Applied::Done => return Ok(reservation),
                // A holder on another node; one that is gone expires.
                Applied::ReservationHeld { .. } => tokio::time::sleep(HELD_PAUSE).await,
                other => {
                    tracing::error!(?other, "a reservation answered what it cannot");
                    return Err(crate::interaction::contended());
                }
            }
        }
    }

    async fn propose(&self, node: &Inner) -> Result<Applied, Error> {
        let now_ms = node.clock.now_ms();
        let kind = log::command::Kind::Reserve(log::Reserve {
            criteria: self.criteria.clone(),
            holder: self.holder.clone(),
            expires_ms: now_ms + node.options.reservation_timeout.as_millis() as u64,
        });
        let command = log::Command { time_ms: now_ms, tenant: self.tenant.0, kind: Some(kind) };
        node.group(self.partition)?.propose(command).await.map_err(crate::error::propose)
    }

    /// Gives it back. One that is lost on the way expires.
    pub async fn release(self, node: &Inner) {
        let release = log::Release { criteria: self.criteria.clone(), holder: self.holder.clone() };
        let kind = Some(log::command::Kind::Release(release));
        let command = log::Command { time_ms: node.clock.now_ms(), tenant: self.tenant.0, kind };
        if let Ok(group) = node.group(self.partition)
            && let Err(error) = group.propose(command).await
        {
            tracing::warn!(%error, "a reservation was not released; it expires");
        }
    }
}

const CAME_FIRST_PAUSE: Duration = Duration::from_millis(1);
const HELD_PAUSE: Duration = Duration::from_millis(20);

/// Criteria that mean the same get the same text: parameters in order of name and value.
fn normalise(resource_type: ResourceType, criteria: &str) -> String {
    let mut parameters: Vec<&str> = criteria.split('&').filter(|parameter| !parameter.is_empty()).collect();
    parameters.sort_unstable();
    format!("{}?{}", resource_type.name(), parameters.join("&"))
}

/// Callers of this process queue here, in order, before they bother the log.
struct Turns(Mutex<Option<TurnMap>>);

type TurnMap = FxHashMap<(TenantId, String), Arc<tokio::sync::Mutex<()>>>;

static TURNS: Turns = Turns(Mutex::new(None));

impl Turns {
    fn turn(&self, tenant: TenantId, criteria: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock();
        let turns = turns.get_or_insert_default();
        // Nobody waits on a lock that only the map holds.
        if turns.len() > TURNS_KEPT_MAX {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        turns.entry((tenant, criteria.to_owned())).or_default().clone()
    }
}

const TURNS_KEPT_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_parameters_does_not_matter() {
        let patient = ResourceType::from_name("Patient").unwrap();
        assert_eq!(normalise(patient, "b=2&a=1"), normalise(patient, "a=1&b=2"));
        assert_ne!(normalise(patient, "a=1"), normalise(patient, "a=2"));
    }
}
