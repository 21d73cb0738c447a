//! What a validation has to say.

use super::location;
use crate::json::Node;
use crate::outcome::{self, Severity};

/// One finding, as an issue of an OperationOutcome (<https://hl7.org/fhir/R4/operationoutcome.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// An error or worse makes the resource invalid.
    pub severity: Severity,
    /// <https://hl7.org/fhir/R4/valueset-issue-type.html>
    pub code: Code,
    /// The element as FHIRPath with indexes, such as `Patient.name[0].given[1]`; of an absent one its parent.
    pub expression: String,
    /// What is wrong and what to change.
    pub text: String,
}

/// The issue types this validator uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The JSON does not have the shape FHIR asks for.
    Structure,
    /// Something that must be there is not.
    Required,
    /// A value that does not fit its type, fixed value or pattern.
    Value,
    /// An invariant is broken.
    Invariant,
    /// A code outside of its value set.
    CodeInvalid,
    /// An extension that is not known, or not allowed where it stands.
    Extension,
    /// Something named that does not exist or is not known here.
    NotFound,
    /// Text longer than the specification allows.
    TooLong,
    /// More to do than the limits allow: validation is not complete.
    TooCostly,
    /// A rule of the kind of resource.
    BusinessRule,
    /// Worth knowing.
    Informational,
}

impl Code {
    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Code::Structure => "structure",
            Code::Required => "required",
            Code::Value => "value",
            Code::Invariant => "invariant",
            Code::CodeInvalid => "code-invalid",
            Code::Extension => "extension",
            Code::NotFound => "not-found",
            Code::TooLong => "too-long",
            Code::TooCostly => "too-costly",
            Code::BusinessRule => "business-rule",
            Code::Informational => "informational",
        }
    }
}

/// Issues in the order they were found; at most as many as allowed. Nothing is allocated while there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    list: Vec<Issue>,
    max: usize,
    left_out: usize,
}

impl Issues {
    /// Room for `max` issues, at least one.
    pub fn new(max: usize) -> Self {
        Issues { list: Vec::new(), max: max.max(1), left_out: 0 }
    }

    /// Adds an issue. When there is no room, an error takes the place of the last issue that is none.
    pub fn push(&mut self, issue: Issue) {
        if self.list.len() < self.max {
            // Two profiles often find the same fault.
            if !self.list.contains(&issue) {
                self.list.push(issue);
            }
            return;
        }
        self.left_out += 1;
        if issue.severity >= Severity::Error
            && let Some(place) = self.list.iter().rposition(|kept| kept.severity < Severity::Error)
        {
            self.list.remove(place);
            self.list.push(issue);
        }
    }

    /// An error about `node`.
    #[cold]
    pub fn error(&mut self, node: Node<'_>, code: Code, text: String) {
        self.add(Severity::Error, node, code, text);
    }

    /// A warning about `node`.
    #[cold]
    pub fn warning(&mut self, node: Node<'_>, code: Code, text: String) {
        self.add(Severity::Warning, node, code, text);
    }

    /// Something worth knowing about `node`.
    #[cold]
    pub fn information(&mut self, node: Node<'_>, code: Code, text: String) {
        self.add(Severity::Information, node, code, text);
    }

    /// An issue about `node`, whose location is worked out here.
    #[cold]
    pub fn add(&mut self, severity: Severity, node: Node<'_>, code: Code, text: String) {
        // The walk down to the node is not worth it for what will not be kept.
        if self.is_full() && severity < Severity::Error {
            self.left_out += 1;
            return;
        }
        self.push(Issue { severity, code, expression: location::of(node), text });
    }

    /// Whether nothing more can be learned: all there is room for are errors.
    pub fn is_full(&self) -> bool {
        self.list.len() >= self.max && self.list.iter().all(|issue| issue.severity >= Severity::Error)
    }

    /// Whether there is an error of that kind at that location.
    pub(super) fn has_error(&self, expression: &str, code: Code) -> bool {
        let is_it = |issue: &Issue| issue.severity >= Severity::Error && issue.code == code;
        self.list.iter().any(|issue| is_it(issue) && issue.expression == expression)
    }

    /// Whether no issue is an error.
    pub fn is_valid(&self) -> bool {
        self.list.iter().all(|issue| issue.severity < Severity::Error)
    }

    /// Whether there is nothing to say at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The issues in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Issue> {
        self.list.iter()
    }

    /// How many issues there was no room for.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Takes in all of `other`.
    pub fn append(&mut self, other: Issues) {
        self.left_out += other.left_out;
        other.list.into_iter().for_each(|issue| self.push(issue));
    }

    /// An OperationOutcome as JSON.
    pub fn outcome(&self) -> Vec<u8> {
        let issues: Vec<_> = self
            .iter()
            .map(|issue| outcome::Issue {
                severity: issue.severity,
                code: issue.code.code(),
                diagnostics: &issue.text,
                expression: Some(&issue.expression),
            })
            .collect();
        outcome::operation_outcome(&issues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(severity: Severity, text: &str) -> Issue {
        Issue { severity, code: Code::Value, expression: "Patient".into(), text: text.into() }
    }

    #[test]
    fn errors_push_warnings_out_and_nothing_is_said_twice() {
        let mut issues = Issues::new(2);
        for text in ["a", "a", "b", "c"] {
            issues.push(issue(Severity::Warning, text));
        }
        assert!(issues.is_valid() && !issues.is_full());
        issues.push(issue(Severity::Error, "d"));
        issues.push(issue(Severity::Error, "e"));
        issues.push(issue(Severity::Error, "f"));
        assert_eq!(issues.iter().map(|issue| &*issue.text).collect::<Vec<_>>(), ["d", "e"]);
        assert!(!issues.is_valid() && issues.is_full());
        assert_eq!(issues.left_out(), 4);
    }
}
