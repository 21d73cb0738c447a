//! Errors and issues as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use bytes::Bytes;
use fhir::outcome::{self, Coding, Severity};
use proto::{Code, Error, error::Issue};

/// The JSON of an error: its issues, each with the error's code as its details.
pub fn of(error: &Error) -> Bytes {
    write(&error.issues, Some(Coding { system: Code::SYSTEM, code: error.code.name() }))
}

/// The JSON of issues that are no error's.
pub fn json(issues: &[Issue]) -> Bytes {
    write(issues, None)
}

fn write(issues: &[Issue], details: Option<Coding<'_>>) -> Bytes {
    let issues = issues.iter().map(|issue| outcome::Issue {
        severity: severity(issue.severity),
        code: issue.code,
        details,
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
        details: None,
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
