//! Errors and issues as OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use bytes::Bytes;
use fhir::outcome::{self, Coding, Severity};
use proto::{
    Code, Error,
    api::v1::{Outcome, WriteResponse},
    error::Issue,
};

/// The JSON of an error: its issues, each with the error's code as its details.
pub fn of(error: &Error) -> Bytes {
    write(&error.issues, Some(Coding { system: Code::SYSTEM, code: error.code.name() }))
}

/// The JSON of issues that are no error's.
pub fn json(issues: &[Issue]) -> Bytes {
    write(issues, None)
}

/// A note of what was done, for `Prefer: return=OperationOutcome`.
pub fn written(written: &WriteResponse) -> Bytes {
    let diagnostics = told(written);
    json(&[Issue { severity: "information", code: "informational", diagnostics, expression: None }])
}

fn told(written: &WriteResponse) -> String {
    match (written.id.as_str(), written.count) {
        ("", 0) => return format!("no {} matched, and nothing was changed", written.resource_type),
        ("", count) => return format!("{count} {} were deleted", written.resource_type),
        _ => {}
    }
    let what = match written.outcome() {
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Deleted => "deleted",
        Outcome::Unchanged | Outcome::Unspecified => "not changed",
    };
    format!("{}/{} was {what}", written.resource_type, written.id)
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
