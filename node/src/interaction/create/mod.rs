//! <https://hl7.org/fhir/R4/http.html#create> and #ccreate

mod conditional;

use crate::{
    compartment::Dedup,
    draft::Parsed,
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
        return at_once(session, Wanted::read(session, request)?).await;
    }
    let session = session.owned();
    // Boxed: every other create would carry its large future along.
    to_its_end(Box::pin(async move {
        let session = session.session();
        let wanted = Wanted::read(session, request)?;
        let dedup = |slot| wanted.dedup(session, slot);
        conditional::create(session, &wanted.parsed, &wanted.request.if_none_exist, dedup).await
    }))
    .await
}

/// What is to be created.
struct Wanted {
    /// Without its body, which is parsed.
    request: CreateRequest,
    parsed: Parsed,
}

impl Wanted {
    fn read(session: Session<'_>, mut request: CreateRequest) -> Result<Wanted, Error> {
        let body = std::mem::take(&mut request.body);
        let parsed = session.parse_as(body, &request.resource_type)?;
        Ok(Wanted { request, parsed })
    }

    /// Its idempotency key at that slot.
    fn dedup(&self, session: Session<'_>, slot: Slot) -> Result<Option<Dedup>, Error> {
        let Wanted { request, parsed } = self;
        let told: [&[u8]; 4] = [
            b"create",
            request.resource_type.as_bytes(),
            request.if_none_exist.as_bytes(),
            parsed.document.source(),
        ];
        session.dedup(&request.idempotency_key, slot, &told)
    }
}

async fn at_once(session: Session<'_>, wanted: Wanted) -> Result<WriteResponse, Error> {
    let otherwise = session.free_slot(&wanted.request.idempotency_key);
    let dedup = wanted.dedup(session, place::slot_for(session.tenant(), &wanted.parsed, otherwise))?;
    write(session, &wanted.parsed, otherwise, dedup).await
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
