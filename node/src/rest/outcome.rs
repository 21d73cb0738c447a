//! Errors and notes as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use super::format::FHIR_JSON;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fhir::outcome::{self, Severity};
use http::{StatusCode, header};
use proto::{Code, Error, error::Issue};

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
        let mut response = (status, [(header::CONTENT_TYPE, FHIR_JSON)], json(&error.issues)).into_response();
        if matches!(error.code, Code::Overloaded | Code::Unavailable) {
            response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("1"));
        }
        response
    }
}

/// The resource's JSON.
pub(super) fn json(issues: &[Issue]) -> Bytes {
    let issues = issues.iter().map(|issue| outcome::Issue {
        severity: severity(issue.severity),
        code: issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.as_deref(),
    });
    outcome::operation_outcome(&issues.collect::<Vec<_>>()).into()
}

/// The same of a response's issues.
pub(super) fn json_of(issues: &[proto::api::v1::Issue]) -> Bytes {
    let issues = issues.iter().map(|issue| outcome::Issue {
        severity: severity(&issue.severity),
        code: &issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.first().map(String::as_str),
    });
    outcome::operation_outcome(&issues.collect::<Vec<_>>()).into()
}

/// A note that all went well, for `Prefer: return=OperationOutcome`.
pub(super) fn note(diagnostics: String) -> Bytes {
    json(&[Issue { severity: "information", code: "informational", diagnostics, expression: None }])
}

fn severity(text: &str) -> Severity {
    match text {
        "information" => Severity::Information,
        "warning" => Severity::Warning,
        "fatal" => Severity::Fatal,
        _ => Severity::Error,
    }
}
