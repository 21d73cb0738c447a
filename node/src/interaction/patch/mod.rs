//! <https://hl7.org/fhir/R4/http.html#patch>
//!
//! The actor of the resource's compartment applies the patch to the current version, so patches of one resource come one after
//! the other and none is lost. What comes out is written as an update, or not at all where it says nothing new.

mod change;
mod conditional;

pub use change::Patch;

use super::preconditions;
use crate::{
    compartment::{Dedup, IfMatch, Intent},
    draft,
    engine::to_its_end,
    error::contended,
    session::{One, Session, place},
    writer::Step,
};
use proto::{
    Code, CompartmentKey, Error, ResourceId,
    api::v1::{PatchRequest, WriteResponse},
};
use std::sync::Arc;

/// A conditional one is carried out to its end, whoever waits.
pub async fn patch(session: Session<'_>, request: PatchRequest) -> Result<WriteResponse, Error> {
    if request.criteria.is_empty() {
        return patch_here(session, request).await;
    }
    let session = session.owned();
    to_its_end(async move { patch_here(session.session(), request).await }).await
}

async fn patch_here(session: Session<'_>, request: PatchRequest) -> Result<WriteResponse, Error> {
    let kind = request.kind();
    let resource_type = draft::known_type(&request.resource_type)?;
    let told: [&[u8]; 7] = [
        b"patch",
        kind.as_str_name().as_bytes(),
        request.resource_type.as_bytes(),
        request.id.as_bytes(),
        request.criteria.as_bytes(),
        request.if_match.as_bytes(),
        &request.body,
    ];
    let dedup = |slot| session.dedup(&request.idempotency_key, slot, &told);
    let patch = Patch::read(session, resource_type, kind, request.body.clone())?;
    let if_match = preconditions::if_match(&request.if_match)?;
    match (request.id.as_str(), request.criteria.as_str()) {
        (id, "") => {
            let id = draft::resource_id(id)?;
            let dedup = dedup(place::home(session.tenant(), resource_type, id))?;
            one(session, &patch, id, &if_match, dedup).await
        }
        // Boxed: every other patch would carry its large future along.
        ("", criteria) => Box::pin(conditional::patch(session, &patch, criteria, &if_match, dedup)).await,
        _ => Err(Error::new(Code::BadRequest, "a patch names either an id or criteria, not both")),
    }
}

/// Patches the resource with that id.
pub(crate) async fn one(
    session: Session<'_>,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: &IfMatch,
    dedup: Option<Dedup>,
) -> Result<WriteResponse, Error> {
    let mut wanted = None;
    for _ in 0..session.options().write_attempts_max {
        let step = step(session, patch, id, if_match, wanted.take()).await?;
        match session.attempt_one(step, dedup.as_ref()).await? {
            One::Answer(answer) => return Ok(answer),
            One::Stale => {}
            One::Moves(to) => wanted = Some(to),
        }
    }
    Err(contended())
}

/// The patch of one resource as a part of a plan. `wanted`: see [`Session::change_step`].
pub(crate) async fn step(
    session: Session<'_>,
    patch: &Arc<Patch>,
    id: ResourceId,
    if_match: &IfMatch,
    wanted: Option<CompartmentKey>,
) -> Result<Step, Error> {
    let intent = Intent::Change { change: patch.clone(), if_match: if_match.clone() };
    session.change_step(patch.resource_type(), id, intent, wanted).await
}
