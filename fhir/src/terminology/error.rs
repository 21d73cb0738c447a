//! Why a terminology question has no answer.

/// What is wrong with a request or with a resource it needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("the {resource_type} '{url}' is not known here; load it or name another")]
    NotFound { resource_type: &'static str, url: String },
    #[error("the code '{code}' is not in the code system '{system}'")]
    UnknownCode { system: String, code: String },
    #[error("{problem}")]
    Invalid { problem: String },
    #[error("the parameter '{name}' is missing: {problem}")]
    Missing { name: &'static str, problem: &'static str },
    #[error("{resource_type} '{url}': {problem}")]
    Resource { resource_type: &'static str, url: String, problem: String },
    #[error("the value set '{url}' imports itself")]
    Cycle { url: String },
    #[error("{what}: {found}, more than the {max} allowed ({limit}); ask for less")]
    TooCostly { what: &'static str, found: usize, max: usize, limit: &'static str },
    #[error("not supported here: {what}")]
    NotSupported { what: String },
    #[error("{reason}")]
    UnknownContent { reason: String },
}

/// Refuses more of something than a limit allows.
pub(super) fn within(what: &'static str, found: usize, max: usize, limit: &'static str) -> Result<(), Error> {
    match found > max {
        true => Err(Error::TooCostly { what, found, max, limit }),
        false => Ok(()),
    }
}

impl Error {
    /// The code for an OperationOutcome: <https://hl7.org/fhir/R4/valueset-issue-type.html>
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound { .. } | Error::UnknownCode { .. } => "not-found",
            Error::Invalid { .. } | Error::Resource { .. } => "invalid",
            Error::Missing { .. } => "required",
            Error::Cycle { .. } => "processing",
            Error::TooCostly { .. } => "too-costly",
            Error::NotSupported { .. } | Error::UnknownContent { .. } => "not-supported",
        }
    }

    /// The HTTP status that fits: 404 what is not there, 400 what the caller can mend, 422 what is understood but
    /// cannot be computed.
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound { .. } | Error::UnknownCode { .. } => 404,
            Error::Invalid { .. } | Error::Missing { .. } => 400,
            Error::Resource { .. }
            | Error::Cycle { .. }
            | Error::TooCostly { .. }
            | Error::NotSupported { .. }
            | Error::UnknownContent { .. } => 422,
        }
    }
}
