//! One thing a validation has to say.

use crate::outcome::Severity;

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
