//! <https://hl7.org/fhir/R4/http.html#create> and #ccreate

mod conditional;

use crate::{
    compartment::Dedup,
    draft::{self, Parsed},
    engine::to_its_end,
    error::contended,
    session::{One, Session, place},
};
use proto::{
    Error, Slot,
    api::v1::{CreateRequest, WriteResponse},
};

/// A conditional one is carried out to its end, whoever waits: it must not give its reservation back too early.
pub async fn create(session: Session<'_>, request: CreateRequest) -> Result<WriteResponse, Error> {
    if request.if_none_exist.is_empty() {
        return create_here(session, request).await;
    }
    let session = session.owned();
    to_its_end(async move { create_here(session.session(), request).await }).await
}

async fn create_here(session: Session<'_>, request: CreateRequest) -> Result<WriteResponse, Error> {
    let parsed = draft::parse_as(request.body, &request.resource_type, session.options())?;
    let told: [&[u8]; 4] = [
        b"create",
        request.resource_type.as_bytes(),
        request.if_none_exist.as_bytes(),
        parsed.document.source(),
    ];
    let dedup = |slot| session.dedup(&request.idempotency_key, slot, &told);
    if !request.if_none_exist.is_empty() {
        // Boxed: every other create would carry its large future along.
        return Box::pin(conditional::create(session, &parsed, &request.if_none_exist, dedup)).await;
    }
    let otherwise = session.free_slot(&request.idempotency_key);
    let dedup = dedup(place::slot_for(session.tenant(), &parsed, otherwise))?;
    write(session, &parsed, otherwise, dedup).await
}

/// Writes `parsed` under a new id.
async fn write(
    session: Session<'_>,
    parsed: &Parsed,
    otherwise: Slot,
    dedup: Option<Dedup>,
) -> Result<WriteResponse, Error> {
    let draft = session.draft(parsed)?;
    let slot = place::slot_for(session.tenant(), parsed, otherwise);
    for _ in 0..session.options().write_attempts_max {
        let id = session.assign(slot);
        let step = place::create_step(session.tenant(), parsed, id, draft.clone());
        if let One::Answer(answer) = session.attempt_one(step, dedup.as_ref()).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}
