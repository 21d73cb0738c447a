//! <https://hl7.org/fhir/R4/http.html#update> and #cond-update

pub(crate) mod conditional;

use super::preconditions;
use crate::{
    compartment::{Dedup, IfMatch, Intent},
    draft::{self, Draft, Parsed},
    engine::to_its_end,
    error::contended,
    session::{One, Session},
};
use proto::{
    Code, Error, ResourceId,
    api::v1::{UpdateRequest, WriteResponse},
};

/// A conditional one is carried out to its end, whoever waits.
pub async fn update(session: Session<'_>, request: UpdateRequest) -> Result<WriteResponse, Error> {
    if request.criteria.is_empty() {
        return update_here(session, request).await;
    }
    let session = session.owned();
    // Boxed: every other update would carry its large future along.
    to_its_end(Box::pin(async move { conditional::update(session.session(), request).await })).await
}

async fn update_here(session: Session<'_>, request: UpdateRequest) -> Result<WriteResponse, Error> {
    let id = draft::resource_id(&request.id)?;
    let parsed = session.parse_as(request.body, &request.resource_type)?;
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
    let content = Content::read(session, parsed, &request.if_match, &request.if_none_match)?;
    one(session, &content, id, &content.if_match, dedup.as_ref()).await
}

/// What is written, and on which conditions.
struct Content {
    parsed: Parsed,
    draft: Draft,
    if_match: IfMatch,
    must_be_new: bool,
}

impl Content {
    fn read(
        session: Session<'_>,
        parsed: Parsed,
        if_match: &str,
        if_none_match: &str,
    ) -> Result<Self, Error> {
        Ok(Content {
            if_match: preconditions::if_match(if_match)?,
            must_be_new: preconditions::must_be_new(if_none_match)?,
            draft: session.draft(&parsed)?,
            parsed,
        })
    }
}

/// Writes it as the resource with that id, of which a version is there that is meant.
async fn one(
    session: Session<'_>,
    content: &Content,
    id: ResourceId,
    if_match: &IfMatch,
    dedup: Option<&Dedup>,
) -> Result<WriteResponse, Error> {
    let Content { parsed, draft, must_be_new, .. } = content;
    for _ in 0..session.options().write_attempts_max {
        let (draft, if_match) = (draft.clone(), if_match.clone());
        let intent = Intent::Update { draft, if_match, must_be_new: *must_be_new };
        let step = session.update_step(parsed, id, intent).await?;
        if let One::Answer(answer) = session.attempt_one(step, dedup).await? {
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
