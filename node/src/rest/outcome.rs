//! Errors and notes as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use super::format::FHIR_JSON;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use proto::{Code, Error, error::Issue};
use serde::Serialize;

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationOutcome<'e> {
    resource_type: &'static str,
    issue: Vec<OutcomeIssue<'e>>,
}

#[derive(Serialize)]
struct OutcomeIssue<'e> {
    severity: &'e str,
    code: &'e str,
    diagnostics: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expression: Option<[&'e str; 1]>,
}

/// The resource's JSON.
pub(super) fn json(issues: &[Issue]) -> Bytes {
    let issue = issues.iter().map(|issue| OutcomeIssue {
        severity: issue.severity,
        code: issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.as_deref().map(|expression| [expression]),
    });
    encode(issue.collect())
}

/// The same of a response's issues.
pub(super) fn json_of(issues: &[proto::api::v1::Issue]) -> Bytes {
    let issue = issues.iter().map(|issue| OutcomeIssue {
        severity: &issue.severity,
        code: &issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.first().map(|expression| [expression.as_str()]),
    });
    encode(issue.collect())
}

/// A note that all went well, for `Prefer: return=OperationOutcome`.
pub(super) fn note(diagnostics: String) -> Bytes {
    json(&[Issue { severity: "information", code: "informational", diagnostics, expression: None }])
}

fn encode(issue: Vec<OutcomeIssue<'_>>) -> Bytes {
    let outcome = OperationOutcome { resource_type: "OperationOutcome", issue };
    // Strings in a struct always serialise.
    serde_json::to_vec(&outcome).map(Bytes::from).unwrap_or_default()
}
