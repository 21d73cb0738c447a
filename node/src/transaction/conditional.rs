//! Conditional interactions: <https://hl7.org/fhir/R4/http.html#ccreate>. "Exactly one" holds under any concurrency:
//! the criteria have a home partition, where a reservation is logged before the search. Whoever asks with the same criteria
//! meanwhile waits. The write gives the reservation back, and is refused where it is no longer held.

use super::{
    criteria::Criteria,
    reservation::{self, Reservation},
};
use crate::{
    compartment::{Dedup, IfMatch},
    draft::{self, Parsed},
    engine::Inner,
    interaction::{self, answered_before, contended, patch::Patch},
    place,
    service::Context,
    writer::{self, Attempt, Plan},
};
use fhir::definitions::ResourceType;
use proto::{
    Code, Error, ResourceKey, Slot, TenantId,
    api::v1::{Outcome, WriteResponse},
};
use std::{sync::Arc, time::Duration};
use storage::Partition;

/// A single conditional create. `dedup` gives its idempotency key a home.
pub async fn create(
    node: &Inner,
    context: &Context,
    parsed: &Parsed,
    criteria: &str,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let criteria = Criteria::read(node, context.tenant, parsed.resource_type, criteria).await?;
    let dedup = dedup(place::slot_for(context.tenant, parsed, criteria.slot()))?;
    for _ in 0..node.options.write_attempts_max {
        let reservation = Reservation::take(node, &criteria).await?;
        let created = create_once(node, context, parsed, &criteria, &reservation, dedup.as_ref()).await;
        if !matches!(created, Ok(Created::Now(_))) {
            reservation.release(node).await;
        }
        match created? {
            Created::Now(answer) | Created::Before(answer) => return Ok(answer),
            Created::Not(key) => {
                let answer = found(node, context.tenant, parsed.resource_type, &key).await?;
                return interaction::kept(node, context.tenant, dedup.as_ref(), answer).await;
            }
            Created::Stale => {}
        }
    }
    Err(contended())
}

/// What came of a conditional create.
enum Created {
    /// Written, and the reservation given back with it.
    Now(WriteResponse),
    /// Written under the same idempotency key.
    Before(WriteResponse),
    /// There is a match.
    Not(ResourceKey),
    /// Others came first, or the reservation was lost: decide anew.
    Stale,
}

async fn create_once(
    node: &Inner,
    context: &Context,
    parsed: &Parsed,
    criteria: &Criteria,
    reservation: &Reservation,
    dedup: Option<&Dedup>,
) -> Result<Created, Error> {
    let tenant = criteria.tenant();
    // Before the search, which now may find what was created then.
    if let Some(answer) = answered_before(node, tenant, dedup).await? {
        return Ok(Created::Before(answer));
    }
    if let Some(key) = criteria.only_match(node).await? {
        return Ok(Created::Not(key));
    }
    // A free-standing resource is created at the criteria's own slot, where the reservation is.
    let slot = place::slot_for(tenant, parsed, criteria.slot());
    let draft = parsed.draft(node, tenant)?;
    let step = place::create_step(tenant, parsed, place::assign(node, slot), draft);
    let (dedup, share, holds) = (dedup.cloned(), context.share.clone(), vec![reservation.hold()]);
    let plan = Plan { tenant, steps: vec![step], dedup, share, holds };
    match writer::attempt(node, plan).await? {
        Attempt::Done(answers) => Ok(answers.into_iter().next().map_or(Created::Stale, Created::Now)),
        // Found above at the next try, with its body.
        Attempt::Repeated(_) => Ok(Created::Stale),
        Attempt::Stale | Attempt::Lost | Attempt::Moves(_) => Ok(Created::Stale),
    }
}

/// A conditional patch: <https://hl7.org/fhir/R4/http.html#patch>. The version that was found to match is the one that is
/// patched; where another writer comes in between, the search is made again.
///
/// It needs no reservation: while the version that matched is current, no conditional create with the same criteria finds
/// nothing. A turn keeps the patches of one node from overtaking each other in vain.
pub async fn patch(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    criteria: &str,
    if_match: &IfMatch,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let criteria = Criteria::read(node, context.tenant, patch.resource_type(), criteria).await?;
    let dedup = dedup(criteria.slot())?;
    let _turn = reservation::turn(node, &criteria).await?;
    let mut pause = CAME_FIRST_PAUSE_MIN;
    for _ in 0..node.options.write_attempts_max {
        if let Some(answer) = patch_match(node, context, patch, &criteria, if_match, dedup.clone()).await? {
            return Ok(answer);
        }
        // A search sees what is applied, the actor what is on its way there.
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(CAME_FIRST_PAUSE_MAX);
    }
    Err(contended())
}

const CAME_FIRST_PAUSE_MIN: Duration = Duration::from_millis(1);
const CAME_FIRST_PAUSE_MAX: Duration = Duration::from_millis(20);

/// `None`: another writer came in between.
async fn patch_match(
    node: &Inner,
    context: &Context,
    patch: &Arc<Patch>,
    criteria: &Criteria,
    if_match: &IfMatch,
    dedup: Option<Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    let resource_type = patch.resource_type();
    // Before the search, which now may find something else, or nothing.
    if let Some(answer) = answered_before(node, criteria.tenant(), dedup.as_ref()).await? {
        return Ok(Some(answer));
    }
    let key = criteria.only_match(node).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("no {} matches '{criteria}'", resource_type.name()))
    })?;
    let found = found(node, criteria.tenant(), resource_type, &key).await?;
    let version = draft::version_id(&found.version_id).unwrap_or(0);
    if_match.check(format_args!("{}/{}", found.resource_type, found.id), version, true)?;
    let matched = IfMatch::version(version);
    match interaction::patch::one(node, context, patch, key.id, &matched, dedup).await {
        Err(error) if error.code == Code::VersionConflict => Ok(None),
        answer => answer.map(Some),
    }
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
    let row = row.ok_or_else(contended)?;
    Ok(WriteResponse {
        outcome: Outcome::Unchanged as i32,
        resource_type: resource_type.name().to_owned(),
        id: key.id.as_str().to_owned(),
        version_id: row.version.to_string(),
        last_updated_ms: row.last_updated_ms,
        body: row.body,
    })
}

/// What a conditional reference such as `Organization?identifier=system|value` names; exactly one must match.
pub async fn resolve_reference(node: &Inner, context: &Context, reference: &str) -> Result<String, Error> {
    let unresolved = |why: &str| {
        Error::new(Code::PreconditionFailed, format!("the conditional reference '{reference}' {why}"))
    };
    let bare = || unresolved("has no criteria").as_issue("value");
    let (name, criteria) = reference.split_once('?').ok_or_else(bare)?;
    let resource_type = draft::known_type(name)?;
    let criteria = Criteria::read(node, context.tenant, resource_type, criteria).await?;
    if let Some(id) = node.references.get(&criteria) {
        return Ok(format!("{name}/{id}"));
    }
    let generation = node.references.generation(resource_type.code());
    let key = criteria.only_match(node).await?;
    let none = || unresolved("matches no resource; create it first").as_issue("not-found");
    let id = key.ok_or_else(none)?.id;
    node.references.put(&criteria, id, generation);
    Ok(format!("{name}/{id}"))
}
