//! <https://hl7.org/fhir/R4/http.html#transaction>: batch and transaction

use super::{
    call::{Call, Shared},
    payload::Payload,
    response::{Reply, json},
};
use crate::service::FhirService;
use axum::extract::State;
use http::StatusCode;
use proto::api::v1::TransactionRequest;

pub(super) async fn transaction<S: FhirService>(
    State(shared): State<Shared<S>>,
    mut call: Call,
    payload: Payload,
) -> Reply {
    call.context.base = Some(call.base.as_str().into());
    let request =
        TransactionRequest { bundle: payload.bytes.clone(), idempotency_key: call.idempotency_key()? };
    let answered = shared.service.transaction(&call.context, request).await?;
    Ok(json(&call, StatusCode::OK, answered.bundle))
}
