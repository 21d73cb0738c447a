//! <https://hl7.org/fhir/R4/http.html#update>

use super::{attempt_one, contended, dedup};
use crate::{
    compartment::Intent,
    draft::{self, Parsed},
    engine::Inner,
    place,
    service::Context,
    writer::Plan,
};
use proto::{
    Code, Error, ResourceId,
    api::v1::{UpdateRequest, WriteResponse},
};

pub async fn update(node: &Inner, context: &Context, request: UpdateRequest) -> Result<WriteResponse, Error> {
    let id = draft::resource_id(&request.id)?;
    let parsed = draft::parse_as(request.body, &request.resource_type, &node.options)?;
    check_id(&parsed, id)?;
    let dedup = dedup(node, "update", &request.idempotency_key)?;
    let (if_match, must_be_new) = preconditions(&request.if_match, &request.if_none_match)?;
    let draft = parsed.draft(node, context.tenant)?;
    for _ in 0..node.options.write_attempts_max {
        let intent = Intent::Update { draft: draft.clone(), if_match, must_be_new };
        let step = place::update_step(node, context.tenant, &parsed, id, intent).await?;
        let plan = Plan { tenant: context.tenant, steps: vec![step], dedup: dedup.clone() };
        if let Some(answer) = attempt_one(node, plan).await? {
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
        .at(format!("{name}.id"))),
    }
}

/// `If-Match` and `If-None-Match` of a write.
pub(crate) fn preconditions(if_match: &str, if_none_match: &str) -> Result<(Option<u64>, bool), Error> {
    let version = match if_match {
        "" => None,
        text => Some(draft::version_id(text).ok_or_else(|| {
            Error::new(
                Code::BadRequest,
                format!("If-Match is '{text}'; it must be a version of this server such as W/\"3\""),
            )
        })?),
    };
    match if_none_match {
        "" => Ok((version, false)),
        "*" => Ok((version, true)),
        other => Err(Error::new(
            Code::BadRequest,
            format!("If-None-Match is '{other}'; on a write only '*' has a meaning"),
        )),
    }
}
