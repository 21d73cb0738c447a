//! Why a patch was not applied.

use crate::json;
use std::fmt;

/// What is wrong with a patch, or with what it met in the resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    // The patch itself is wrong, whatever the resource.
    #[error("the patch is not JSON: {0}")]
    NotJson(json::Error),
    #[error("{0}")]
    NotAPatch(&'static str),
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    #[error("\"{0}\" is given twice; keep one of them")]
    Twice(String),
    #[error("\"{member}\" is {expected}")]
    WrongType { member: &'static str, expected: &'static str },
    #[error("there is no operation {found:?}; there are {known}")]
    UnknownOperation { found: String, known: &'static str },
    #[error("{0:?} is no part of this operation")]
    UnknownPart(String),
    #[error("{pointer:?} is not a JSON Pointer: {why}")]
    BadPointer { pointer: String, why: &'static str },
    #[error("not a FHIRPath expression: {0}")]
    BadExpression(String),

    // The patch does not fit the resource.
    #[error("nothing is there: {0}")]
    NotFound(String),
    #[error("the test failed: the value there is another one")]
    TestFailed,
    #[error("a value cannot be moved into itself")]
    IntoItself,
    #[error("{found} elements are there, where one is meant; make the path name exactly one")]
    NotOne { found: usize },
    #[error("the path does not name one list of the resource as a whole")]
    NotAList,
    #[error("the path names no element of the resource that can be changed")]
    NotAnElement,
    #[error("index {index} is outside the list of {length}")]
    OutOfBounds { index: u64, length: usize },
    #[error("{element} is there already and does not repeat; replace it instead")]
    AlreadyThere { element: String },
    #[error("{parent} has no element {name:?}")]
    NoSuchElement { parent: String, name: String },
    #[error("{element} takes {expected}, not {found}")]
    WrongValue { element: String, expected: String, found: String },
    #[error("the path cannot be evaluated: {0}")]
    Evaluation(String),
    #[error("the resource is not what FHIR's structure asks for: {0}")]
    BadResource(String),
    #[error("the result is no JSON object, so no resource")]
    NotAResource,
    #[error("a patch may not change {0:?}")]
    IdentityChanged(&'static str),

    // A limit.
    #[error("{found} operations, more than the {max} allowed; send fewer at once")]
    TooManyOperations { found: usize, max: usize },
    #[error("the operations write more than the {max} bytes allowed; send smaller patches")]
    TooLarge { max: usize },
    #[error("the result is nested deeper than the {max} levels allowed")]
    TooDeep { max: usize },
    #[error("the patch asks for more than the {max} steps allowed; send fewer operations at once")]
    TooManySteps { max: u64 },
}

/// What sort of answer an error deserves: <https://hl7.org/fhir/R4/http.html#patch>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The patch is wrong by itself: 400.
    Malformed,
    /// The patch is well-formed and does not fit this resource: 422.
    Unprocessable,
    /// A limit of this server: 413.
    TooLarge,
}

/// An [`ErrorKind`] and the operation it was met at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    operation: Option<(usize, String)>,
    kind: ErrorKind,
}

/// What a message shows of a text that came from outside.
const SHOWN_MAX: usize = 200;

/// `text`, shortened for a message: a hostile patch must not make a hostile message.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

impl Error {
    /// At operation number `index` (from 0), which `label` describes: `replace /name/3`.
    pub(super) fn at(index: usize, label: &str, kind: ErrorKind) -> Self {
        Error { operation: Some((index, shown(label))), kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The number of the operation, from 0; `None` where the error is not about one.
    pub fn operation(&self) -> Option<usize> {
        self.operation.as_ref().map(|(index, _)| *index)
    }

    /// What sort of answer it deserves.
    pub fn class(&self) -> Class {
        use ErrorKind::*;
        match &self.kind {
            NotJson(_)
            | NotAPatch(_)
            | Missing(_)
            | Twice(_)
            | WrongType { .. }
            | UnknownOperation { .. }
            | UnknownPart(_)
            | BadPointer { .. }
            | BadExpression(_) => Class::Malformed,
            TooManyOperations { .. } | TooLarge { .. } | TooDeep { .. } | TooManySteps { .. } => {
                Class::TooLarge
            }
            _ => Class::Unprocessable,
        }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Error { operation: None, kind }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.operation {
            Some((index, label)) if label.is_empty() => write!(f, "operation {index}: {}", self.kind),
            Some((index, label)) => write!(f, "operation {index}, {label}: {}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

impl std::error::Error for Error {}
