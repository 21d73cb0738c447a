//! <https://hl7.org/fhir/R4/http.html#create> and #ccreate

use super::{
    call::{Call, Shared},
    payload::Payload,
    response::{Reply, written},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::api::v1::CreateRequest;

pub(super) async fn create<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
    payload: Payload,
) -> Reply {
    let request = CreateRequest {
        resource_type,
        body: payload.bytes.clone(),
        if_none_exist: call.header("if-none-exist")?.trim_start_matches('?').to_owned(),
        idempotency_key: call.idempotency_key()?,
    };
    Ok(written(&call, shared.service.create(&call.context, request).await?))
}
