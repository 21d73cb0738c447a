//! <https://hl7.org/fhir/R4/http.html#delete>

use super::preconditions;
use crate::{
    draft,
    error::contended,
    session::{One, Session, place},
};
use proto::{
    Error,
    api::v1::{DeleteRequest, WriteResponse},
};

pub async fn delete(session: Session<'_>, request: DeleteRequest) -> Result<WriteResponse, Error> {
    let resource_type = draft::known_type(&request.resource_type)?;
    let id = draft::resource_id(&request.id)?;
    let told: [&[u8]; 4] =
        [b"delete", request.resource_type.as_bytes(), request.id.as_bytes(), request.if_match.as_bytes()];
    let home = place::home(session.tenant(), resource_type, id);
    let dedup = session.dedup(&request.idempotency_key, home, &told)?;
    let if_match = preconditions::if_match(&request.if_match)?;
    for _ in 0..session.options().write_attempts_max {
        let step = session.delete_step(resource_type, id, if_match.clone()).await?;
        if let One::Answer(answer) = session.attempt_one(step, dedup.as_ref()).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}
