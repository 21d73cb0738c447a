//! Why an expression cannot be compiled or has no value.

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
}
