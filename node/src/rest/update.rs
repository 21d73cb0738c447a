//! <https://hl7.org/fhir/R4/http.html#update>, version-aware with If-Match, create-only with `If-None-Match: *`

use super::{
    call::{Call, Shared},
    etag,
    payload::Payload,
    response::{Reply, written},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::{Code, Error, api::v1::UpdateRequest};

pub(super) async fn update<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
    payload: Payload,
) -> Reply {
    let request = UpdateRequest {
        resource_type,
        id,
        body: payload.bytes.clone(),
        if_match: if_match(&call)?,
        if_none_match: if_none_match(&call)?,
        idempotency_key: call.idempotency_key()?,
    };
    Ok(written(&call, shared.service.update(&call.context, request).await?))
}

/// The version in If-Match, or empty.
pub(super) fn if_match(call: &Call) -> Result<String, Error> {
    let text = call.header("if-match")?;
    if text.is_empty() { Ok(text) } else { etag::version("If-Match", &text) }
}

fn if_none_match(call: &Call) -> Result<String, Error> {
    let text = call.header("if-none-match")?;
    if text.is_empty() || text == "*" {
        return Ok(text);
    }
    Err(Error::new(Code::BadRequest, format!("If-None-Match is {text:?}; on an update it can only be *")))
}
