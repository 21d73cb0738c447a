//! <https://hl7.org/fhir/R4/http.html#transaction>: batch and transaction

use super::{
    call::{Call, Shared},
    payload::Payload,
    prefer::Return,
    response::{Reply, json},
};
use crate::service::FhirService;
use axum::extract::State;
use http::StatusCode;
use proto::api::v1::{EntryReturn, TransactionRequest};

pub(super) async fn transaction<S: FhirService>(
    State(shared): State<Shared<S>>,
    mut call: Call,
    payload: Payload,
) -> Reply {
    call.context.base = Some(call.base.as_str().into());
    let entry_return = match call.prefer.return_ {
        None => EntryReturn::Unspecified,
        Some(Return::Minimal) => EntryReturn::Minimal,
        Some(Return::Representation) => EntryReturn::Representation,
        Some(Return::OperationOutcome) => EntryReturn::OperationOutcome,
    };
    let request = TransactionRequest {
        bundle: payload.bytes.clone(),
        idempotency_key: call.idempotency_key()?,
        entry_return: entry_return.into(),
    };
    let answered = shared.service.transaction(&call.context, request).await?;
    Ok(json(&call, StatusCode::OK, answered.bundle))
}
