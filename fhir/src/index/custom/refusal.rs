//! Why a definition cannot be used.

use thiserror::Error;

/// What is wrong, and with which element.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct Refusal {
    /// The path of the element.
    pub expression: &'static str,
    /// FHIR's code of the issue: <https://hl7.org/fhir/R4/valueset-issue-type.html>.
    pub code: &'static str,
    /// A sentence without a full stop.
    pub text: String,
}

impl Refusal {
    pub(super) fn value(expression: &'static str, text: impl Into<String>) -> Refusal {
        Refusal { expression, code: "value", text: text.into() }
    }

    pub(super) fn unsupported(expression: &'static str, text: impl Into<String>) -> Refusal {
        Refusal { expression, code: "not-supported", text: text.into() }
    }

    pub(super) fn missing(expression: &'static str) -> Refusal {
        Refusal {
            expression,
            code: "required",
            text: "a search parameter that is active needs it".to_owned(),
        }
    }
}
