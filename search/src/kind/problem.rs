//! Why a parameter cannot be used, and what that means under either handling.

use fhir::definitions::ResourceType;
use proto::error::Issue;
use proto::{Code, Error};

/// What is wrong with one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Unknown, or about the looks of the answer only: an error under strict handling, ignored and reported under lenient.
    Ignorable(String),
    /// FHIR has it, this server does not, and without it other resources would be found: an error either way.
    Unsupported(String),
    /// Known, but its value makes no sense: an error either way.
    Unusable(String),
    /// Over a configured limit: an error either way.
    Limit(String),
    /// A parameter of that type that was defined just now: not all resources have its values. An error either way, for now.
    NotYet(ResourceType),
}

impl Problem {
    pub(crate) fn ignorable(text: impl Into<String>) -> Self {
        Problem::Ignorable(text.into())
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Problem::Unsupported(text.into())
    }

    pub(crate) fn unusable(text: impl Into<String>) -> Self {
        Problem::Unusable(text.into())
    }

    /// The same, of a part of the parameter's value. What cannot be used there makes the whole unusable, so it is never ignored.
    pub(crate) fn at(self, place: &str) -> Self {
        match self {
            Problem::Ignorable(why) | Problem::Unsupported(why) => {
                Problem::Unsupported(format!("{place}: {why}"))
            }
            Problem::Unusable(why) => Problem::Unusable(format!("{place}: {why}")),
            Problem::Limit(why) => Problem::Limit(format!("{place}: {why}")),
            Problem::NotYet(t) => Problem::NotYet(t),
        }
    }

    pub(crate) fn too_many_values(count: usize, max: usize) -> Self {
        Problem::Limit(format!("{count} values, but at most {max} are allowed"))
    }

    /// The error, whatever the handling.
    pub(crate) fn refused(self, name: &str) -> Error {
        let known = Error::new(Code::Internal, "a problem that is no error");
        self.settle(name, true).err().unwrap_or(known)
    }

    /// The error, or under lenient handling the issue to report.
    pub(crate) fn settle(self, name: &str, strict: bool) -> Result<Issue, Error> {
        let name: String = name.chars().take(100).collect();
        match self {
            Problem::Ignorable(why) if !strict => Ok(Issue {
                severity: "warning",
                code: "not-supported",
                diagnostics: format!("search parameter '{name}' was ignored: {why}"),
                expression: None,
            }),
            Problem::Ignorable(why) | Problem::Unsupported(why) => {
                Err(Error::new(Code::BadParameter, format!("search parameter '{name}': {why}")))
            }
            Problem::Unusable(why) => {
                let text = format!("search parameter '{name}': {why}");
                Err(Error::new(Code::BadParameter, text).as_issue("value"))
            }
            Problem::NotYet(t) => {
                let text = format!(
                    "search parameter '{name}': {t} has it, but it is not yet searchable, as not everything that was stored \
                     before has its values; send the search again later"
                );
                Err(Error::new(Code::Conflict, text).as_issue("transient"))
            }
            Problem::Limit(why) => {
                Err(Error::new(Code::TooCostly, format!("search parameter '{name}': {why}")))
            }
        }
    }
}
