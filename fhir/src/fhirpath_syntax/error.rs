//! Why an expression cannot be read or compiled, or has no value.

/// What is wrong. `at` is a byte offset in the expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("at {at}: expected {expected}, found {found}")]
    Syntax { at: u32, expected: &'static str, found: String },
    #[error("the expression has {bytes} bytes, more than the {max} allowed")]
    TooLong { bytes: usize, max: usize },
    #[error("at {at}: nested deeper than the {max} levels allowed")]
    TooDeep { at: u32, max: usize },
    #[error("at {at}: there is no function '{name}'")]
    UnknownFunction { at: u32, name: String },
    #[error("at {at}: {function}() takes {expected} arguments, not {found}")]
    ArgumentCount { at: u32, function: &'static str, expected: String, found: usize },
    #[error("at {at}: {function}() needs {expected} as its argument")]
    Argument { at: u32, function: &'static str, expected: &'static str },
    #[error("at {at}: there is no type '{name}'")]
    UnknownType { at: u32, name: String },
    #[error("at {at}: {on} has no element '{name}'")]
    UnknownElement { at: u32, on: String, name: String },
    #[error("at {at}: the order of what is before {function}() is not defined")]
    Unordered { at: u32, function: String },
    #[error("at {at}: there is no variable %{name}")]
    UnknownVariable { at: u32, name: String },
    #[error("at {at}: there is a variable %{name} already")]
    VariableExists { at: u32, name: String },
    #[error("at {at}: the pattern '{pattern}' is not a regular expression within the limits")]
    Pattern { at: u32, pattern: String },
    #[error("at {at}: {what} takes one item, not several")]
    NotSingle { at: u32, what: &'static str },
    #[error("at {at}: {what} needs {expected}, not {found}")]
    WrongType { at: u32, what: &'static str, expected: &'static str, found: String },
    #[error("at {at}: {left} {operator} {right} has no meaning")]
    Operands { at: u32, operator: &'static str, left: String, right: String },
    #[error("at {at}: {what} cannot be decided here: {why}")]
    Undecided { at: u32, what: &'static str, why: String },
    #[error("the evaluation takes more than the {max} steps allowed")]
    TooManySteps { max: u64 },
    #[error("a collection has more than the {max} items allowed")]
    TooManyItems { max: usize },
    #[error("at {at}: a text has more than the {max} bytes allowed")]
    TextTooLong { at: u32, max: usize },
}

impl Error {
    /// Where in the expression; 0 for what concerns all of it.
    pub fn at(&self) -> u32 {
        match self {
            Error::Syntax { at, .. }
            | Error::TooDeep { at, .. }
            | Error::UnknownFunction { at, .. }
            | Error::ArgumentCount { at, .. }
            | Error::Argument { at, .. }
            | Error::UnknownType { at, .. }
            | Error::UnknownElement { at, .. }
            | Error::Unordered { at, .. }
            | Error::UnknownVariable { at, .. }
            | Error::VariableExists { at, .. }
            | Error::Pattern { at, .. }
            | Error::NotSingle { at, .. }
            | Error::WrongType { at, .. }
            | Error::Operands { at, .. }
            | Error::Undecided { at, .. }
            | Error::TextTooLong { at, .. } => *at,
            Error::TooLong { .. } | Error::TooManySteps { .. } | Error::TooManyItems { .. } => 0,
        }
    }

    pub(crate) fn wrong_type(
        at: u32,
        what: &'static str,
        expected: &'static str,
        found: impl Into<String>,
    ) -> Error {
        Error::WrongType { at, what, expected, found: found.into() }
    }
}
