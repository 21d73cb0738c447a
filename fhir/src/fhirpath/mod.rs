//! FHIRPath 2.0 as FHIR R4 uses it (<https://hl7.org/fhirpath/N1/>, <https://hl7.org/fhir/R4/fhirpath.html>).

pub mod ast;
mod error;
pub mod parse;
pub mod path;

pub use error::Error;
