//! OperationOutcome: <https://hl7.org/fhir/R4/operationoutcome.html>.

use crate::json::write_string;
use std::borrow::Cow;

/// <https://hl7.org/fhir/R4/valueset-issue-severity.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Information,
    Warning,
    Error,
    Fatal,
}

impl Severity {
    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }
}

/// A code and the system that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding<'a> {
    pub system: &'a str,
    pub code: &'a str,
}

/// One thing to say about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue<'a> {
    pub severity: Severity,
    /// <https://hl7.org/fhir/R4/valueset-issue-type.html>
    pub code: &'a str,
    /// The same more finely, as a coding of some system.
    pub details: Option<Coding<'a>>,
    /// What happened and what to change; left out if empty.
    pub diagnostics: &'a str,
    /// The element, as a FHIRPath such as `Patient.name[0]`.
    pub expression: Option<&'a str>,
}

impl<'a> Issue<'a> {
    /// An error without a place.
    pub fn error(code: &'a str, diagnostics: &'a str) -> Self {
        Issue { severity: Severity::Error, code, details: None, diagnostics, expression: None }
    }
}

/// An OperationOutcome with these issues, as JSON. FHIR asks for at least one: none gives a general "all ok".
pub fn operation_outcome(issues: &[Issue<'_>]) -> Vec<u8> {
    const ALL_OK: Issue<'_> = Issue {
        severity: Severity::Information,
        code: "informational",
        details: None,
        diagnostics: "All OK",
        expression: None,
    };
    let issues = if issues.is_empty() { &[ALL_OK] } else { issues };
    let mut out = Vec::with_capacity(64 + 192 * issues.len());
    out.extend_from_slice(br#"{"resourceType":"OperationOutcome","issue":["#);
    for (position, issue) in issues.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_issue(&mut out, issue);
    }
    out.extend_from_slice(b"]}");
    out
}

fn write_issue(out: &mut Vec<u8>, issue: &Issue<'_>) {
    out.extend_from_slice(br#"{"severity":"#);
    write_string(out, issue.severity.code());
    out.extend_from_slice(br#","code":"#);
    write_string(out, issue.code);
    if let Some(coding) = issue.details {
        out.extend_from_slice(br#","details":{"coding":[{"system":"#);
        write_string(out, coding.system);
        out.extend_from_slice(br#","code":"#);
        write_string(out, coding.code);
        out.extend_from_slice(b"}]}");
    }
    if !issue.diagnostics.is_empty() {
        out.extend_from_slice(br#","diagnostics":"#);
        write_string(out, &sayable(issue.diagnostics));
    }
    if let Some(expression) = issue.expression.filter(|path| !path.is_empty()) {
        out.extend_from_slice(br#","expression":["#);
        write_string(out, &sayable(expression));
        out.push(b']');
    }
    out.push(b'}');
}

/// The text without what a FHIR string must not hold: what is wrong with a request may quote any character of it.
fn sayable(text: &str) -> Cow<'_, str> {
    let unsayable = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    match text.contains(unsayable) {
        true => text.replace(unsayable, "\u{fffd}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_valid_string_whatever_the_text() {
        let issue = Issue {
            details: Some(Coding { system: "urn:s", code: "MALFORMED" }),
            expression: Some("Patient.name[0]"),
            ..Issue::error("structure", "a \"quote\"\n\u{1}")
        };
        let json: serde_json::Value = serde_json::from_slice(&operation_outcome(&[issue, issue])).unwrap();
        assert_eq!(json["issue"][1]["severity"], "error");
        assert_eq!(json["issue"][0]["diagnostics"], "a \"quote\"\n\u{fffd}");
        let details = serde_json::json!({"coding": [{"system": "urn:s", "code": "MALFORMED"}]});
        assert_eq!(json["issue"][0]["details"], details);
        assert_eq!(json["issue"][0]["expression"], serde_json::json!(["Patient.name[0]"]));
    }

    #[test]
    fn is_never_without_an_issue() {
        let json: serde_json::Value = serde_json::from_slice(&operation_outcome(&[])).unwrap();
        assert_eq!(json["issue"][0]["severity"], "information");
    }
}
