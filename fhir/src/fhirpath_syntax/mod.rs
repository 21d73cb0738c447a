//! FHIRPath as text: its syntax tree, how it is read, and which expressions are plain paths. Knows no type of FHIR and no
//! value, so that the table of search parameters can hold what is read here; `fhirpath` compiles it and evaluates. [`Error`] is
//! the one of both.

pub mod ast;
mod error;
pub mod parse;
pub mod path;

pub use error::Error;
