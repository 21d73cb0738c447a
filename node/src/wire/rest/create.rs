//! <https://hl7.org/fhir/R4/http.html#create> and #ccreate

use super::{
    call::{Call, Shared},
    payload::Payload,
    response::{Reply, written},
};
use crate::service::FhirService;
use axum::extract::{Path, State};
use proto::{Code, Error, api::v1::CreateRequest};

pub(super) async fn create<S: FhirService>(
    State(shared): State<Shared<S>>,
    Path(resource_type): Path<String>,
    call: Call,
    payload: Payload,
) -> Reply {
    call.without_parameters()?;
    let request = CreateRequest {
        resource_type,
        body: payload.bytes.clone(),
        if_none_exist: criteria(&call)?,
        idempotency_key: call.idempotency_key()?,
    };
    Ok(written(&call, shared.service.create(&call.context, request).await?))
}

/// What `If-None-Exist` asks for; empty where it is not given.
///
/// # Errors
/// `BadParameter` where it is given and empty: that would be a create without a condition.
fn criteria(call: &Call) -> Result<String, Error> {
    let criteria = call.header("if-none-exist")?.trim_start_matches('?').to_owned();
    match criteria.is_empty() && call.headers.contains_key("if-none-exist") {
        true => Err(Error::new(
            Code::BadParameter,
            "If-None-Exist is empty; name what is to match, or leave it out",
        )),
        false => Ok(criteria),
    }
}
