//! <https://hl7.org/fhir/R4/http.html#update>

use super::preconditions;
use crate::{
    compartment::Intent,
    draft::{self, Parsed},
    error::contended,
    session::{One, Session},
};
use proto::{
    Code, Error, ResourceId,
    api::v1::{UpdateRequest, WriteResponse},
};

pub async fn update(session: Session<'_>, request: UpdateRequest) -> Result<WriteResponse, Error> {
    let id = draft::resource_id(&request.id)?;
    let parsed = draft::parse_as(request.body, &request.resource_type, session.options())?;
    check_id(&parsed, id)?;
    let told: [&[u8]; 6] = [
        b"update",
        request.resource_type.as_bytes(),
        request.id.as_bytes(),
        request.if_match.as_bytes(),
        request.if_none_match.as_bytes(),
        parsed.document.source(),
    ];
    let home = parsed.compartment(session.tenant(), id).slot;
    let dedup = session.dedup(&request.idempotency_key, home, &told)?;
    let if_match = preconditions::if_match(&request.if_match)?;
    let must_be_new = preconditions::must_be_new(&request.if_none_match)?;
    let draft = session.draft(&parsed)?;
    for _ in 0..session.options().write_attempts_max {
        let intent = Intent::Update { draft: draft.clone(), if_match: if_match.clone(), must_be_new };
        let step = session.update_step(&parsed, id, intent).await?;
        if let One::Answer(answer) = session.attempt_one(step, dedup.as_ref()).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}

/// The body of an update must carry the id of the URL.
pub(crate) fn check_id(parsed: &Parsed, id: ResourceId) -> Result<(), Error> {
    let name = parsed.resource_type.name();
    match parsed.id {
        Some(found) if found == id => Ok(()),
        Some(found) => Err(Error::new(
            Code::BadRequest,
            format!("the body's id is '{found}', the request's is '{id}': they must be the same"),
        )
        .at(format!("{name}.id"))),
        None => Err(Error::new(
            Code::BadRequest,
            format!("an update needs the id in the body: add \"id\": \"{id}\""),
        )
        .as_issue("required")
        .at(format!("{name}.id"))),
    }
}
