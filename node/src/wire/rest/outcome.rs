//! Errors as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use super::format::FHIR_JSON;
use crate::outcome;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use proto::{Code, Error};

/// The one error of all handlers.
#[derive(Debug)]
pub(super) struct Failure(pub Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Failure(error) = self;
        let status = StatusCode::from_u16(error.code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, FHIR_JSON)], outcome::of(&error)).into_response();
        if matches!(error.code, Code::Overloaded | Code::Unavailable) {
            response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("1"));
        }
        response
    }
}
