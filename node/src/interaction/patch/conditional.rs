//! <https://hl7.org/fhir/R4/http.html#patch>, of the resource that matches criteria.

use super::Patch;
use crate::{
    compartment::{Dedup, IfMatch},
    interaction::conditional::{Criteria, unless_overtaken, until_first},
    session::Session,
};
use proto::{Error, Slot, api::v1::WriteResponse};
use std::sync::Arc;

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
    until_first(session, || patch_match(session, patch, &criteria, if_match, dedup.clone())).await
}

/// `None`: another writer came in between.
async fn patch_match(
    session: Session<'_>,
    patch: &Arc<Patch>,
    criteria: &Criteria,
    if_match: &IfMatch,
    dedup: Option<Dedup>,
) -> Result<Option<WriteResponse>, Error> {
    // Before the search, which now may find something else, or nothing.
    if let Some(answer) = session.answered_before(dedup.as_ref()).await? {
        return Ok(Some(answer));
    }
    let found = criteria.matched(session, if_match).await?.ok_or_else(|| criteria.no_match())?;
    unless_overtaken(super::one(session, patch, found.id, &found.version, dedup).await)
}
