//! <https://hl7.org/fhir/R4/http.html#update>, version-aware with If-Match, create-only with `If-None-Match: *`

use super::{
    call::{Call, Shared},
    payload::Payload,
    response::{Reply, written},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::{Error, api::v1::UpdateRequest};

pub(super) async fn update<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
    payload: Payload,
) -> Reply {
    call.without_parameters()?;
    let request = UpdateRequest {
        resource_type,
        id,
        body: payload.bytes.clone(),
        if_match: if_match(&call)?,
        if_none_match: call.header("if-none-match")?,
        idempotency_key: call.idempotency_key()?,
        criteria: String::new(),
    };
    Ok(written(&call, shared.service.update(&call.context, request).await?))
}

/// <https://hl7.org/fhir/R4/http.html#cond-update>: the search parameters of the URL are the criteria.
pub(super) async fn conditional<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
    payload: Payload,
) -> Reply {
    let request = UpdateRequest {
        criteria: call.criteria("PUT", &resource_type)?,
        resource_type,
        body: payload.bytes.clone(),
        if_match: if_match(&call)?,
        if_none_match: call.header("if-none-match")?,
        idempotency_key: call.idempotency_key()?,
        id: String::new(),
    };
    Ok(written(&call, shared.service.update(&call.context, request).await?))
}

/// If-Match as it is given, or empty.
pub(super) fn if_match(call: &Call) -> Result<String, Error> {
    call.header("if-match")
}
