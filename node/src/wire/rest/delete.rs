//! <https://hl7.org/fhir/R4/http.html#delete>

use super::{
    call::{Call, Shared},
    response::{Reply, deleted},
    update::if_match,
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::api::v1::DeleteRequest;

pub(super) async fn delete<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path((resource_type, id)): Path<(String, String)>,
    call: Call,
) -> Reply {
    call.without_parameters()?;
    let (if_match, idempotency_key) = (if_match(&call)?, call.idempotency_key()?);
    let request = DeleteRequest { resource_type, id, if_match, idempotency_key, criteria: String::new() };
    Ok(deleted(&call, shared.service.delete(&call.context, request).await?))
}

/// <https://hl7.org/fhir/R4/http.html#cdelete>: the search parameters of the URL are the criteria.
pub(super) async fn conditional<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
) -> Reply {
    let request = DeleteRequest {
        criteria: call.criteria("DELETE", &resource_type)?,
        resource_type,
        if_match: if_match(&call)?,
        idempotency_key: call.idempotency_key()?,
        id: String::new(),
    };
    Ok(deleted(&call, shared.service.delete(&call.context, request).await?))
}
