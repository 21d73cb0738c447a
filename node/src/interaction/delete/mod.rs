//! <https://hl7.org/fhir/R4/http.html#delete> and #cdelete

mod conditional;

use super::preconditions;
use crate::{
    compartment::{Dedup, IfMatch},
    draft,
    engine::to_its_end,
    error::contended,
    session::{One, Session, place},
};
use fhir::definitions::ResourceType;
use proto::{
    Error, ResourceId,
    api::v1::{DeleteRequest, WriteResponse},
};

/// A conditional one is carried out to its end, whoever waits.
pub async fn delete(session: Session<'_>, request: DeleteRequest) -> Result<WriteResponse, Error> {
    if request.criteria.is_empty() {
        return delete_here(session, request).await;
    }
    let session = session.owned();
    // Boxed: every other delete would carry its large future along.
    to_its_end(Box::pin(async move { conditional::delete(session.session(), request).await })).await
}

async fn delete_here(session: Session<'_>, request: DeleteRequest) -> Result<WriteResponse, Error> {
    let resource_type = draft::known_type(&request.resource_type)?;
    let id = draft::resource_id(&request.id)?;
    let told: [&[u8]; 4] =
        [b"delete", request.resource_type.as_bytes(), request.id.as_bytes(), request.if_match.as_bytes()];
    let home = place::home(session.tenant(), resource_type, id);
    let dedup = session.dedup(&request.idempotency_key, home, &told)?;
    let if_match = preconditions::if_match(&request.if_match)?;
    one(session, resource_type, id, &if_match, dedup.as_ref()).await
}

/// Deletes the resource with that id.
async fn one(
    session: Session<'_>,
    resource_type: ResourceType,
    id: ResourceId,
    if_match: &IfMatch,
    dedup: Option<&Dedup>,
) -> Result<WriteResponse, Error> {
    for _ in 0..session.options().write_attempts_max {
        let step = session.delete_step(resource_type, id, if_match.clone()).await?;
        if let One::Answer(answer) = session.attempt_one(step, dedup).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}
