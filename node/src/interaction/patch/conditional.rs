//! <https://hl7.org/fhir/R4/http.html#patch>, of the resource that matches criteria.

use super::Patch;
use crate::{
    compartment::{Dedup, IfMatch},
    draft,
    error::contended,
    interaction::conditional::{Criteria, found},
    session::Session,
};
use proto::{Code, Error, Slot, api::v1::WriteResponse};
use std::{sync::Arc, time::Duration};

/// A conditional patch: <https://hl7.org/fhir/R4/http.html#patch>. The version that was found to match is the one that is
/// patched; where another writer comes in between, the search is made again.
///
/// It needs no reservation: while the version that matched is current, no conditional create with the same criteria finds
/// nothing. A turn keeps the patches of one node from overtaking each other in vain.
pub async fn patch(
    session: Session<'_>,
    patch: &Arc<Patch>,
    criteria: &str,
    if_match: &IfMatch,
    dedup: impl FnOnce(Slot) -> Result<Option<Dedup>, Error>,
) -> Result<WriteResponse, Error> {
    let criteria = Criteria::read(session, patch.resource_type(), criteria).await?;
    let dedup = dedup(criteria.slot())?;
    let _turn = criteria.turn(session).await?;
    let mut pause = CAME_FIRST_PAUSE_MIN;
    for _ in 0..session.options().write_attempts_max {
        if let Some(answer) = patch_match(session, patch, &criteria, if_match, dedup.clone()).await? {
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
    session: Session<'_>,
    patch: &Arc<Patch>,
    criteria: &Criteria,
    if_match: &IfMatch,
    dedup: Option<Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    let resource_type = patch.resource_type();
    // Before the search, which now may find something else, or nothing.
    if let Some(answer) = session.answered_before(dedup.as_ref()).await? {
        return Ok(Some(answer));
    }
    let key = criteria.only_match(session).await?.ok_or_else(|| {
        Error::new(Code::NotFound, format!("no {} matches '{criteria}'", resource_type.name()))
    })?;
    let found = found(session, resource_type, &key).await?;
    let version = draft::version_id(&found.version_id).unwrap_or(0);
    if_match.check(format_args!("{}/{}", found.resource_type, found.id), version, true)?;
    let matched = IfMatch::version(version);
    match super::one(session, patch, key.id, &matched, dedup).await {
        Err(error) if error.code == Code::VersionConflict => Ok(None),
        answer => answer.map(Some),
    }
}
