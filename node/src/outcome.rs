//! Errors and issues as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use bytes::Bytes;
use fhir::outcome::{self, Severity};
use proto::error::Issue;

/// The resource's JSON.
pub fn json(issues: &[Issue]) -> Bytes {
    let issues = issues.iter().map(|issue| outcome::Issue {
        severity: severity(issue.severity),
        code: issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.as_deref(),
    });
    outcome::operation_outcome(&issues.collect::<Vec<_>>()).into()
}

/// The same of a response's issues.
pub fn json_of(issues: &[proto::api::v1::Issue]) -> Bytes {
    let issues = issues.iter().map(|issue| outcome::Issue {
        severity: severity(&issue.severity),
        code: &issue.code,
        diagnostics: &issue.diagnostics,
        expression: issue.expression.first().map(String::as_str),
    });
    outcome::operation_outcome(&issues.collect::<Vec<_>>()).into()
}

fn severity(text: &str) -> Severity {
    match text {
        "information" => Severity::Information,
        "warning" => Severity::Warning,
        "fatal" => Severity::Fatal,
        _ => Severity::Error,
    }
}
