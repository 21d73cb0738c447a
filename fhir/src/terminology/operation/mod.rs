//! The operations of the terminology module as pure functions: a Parameters resource in, a resource out
//! (<https://hl7.org/fhir/R4/terminology-service.html>).
//!
//! Each function takes what was asked as a [`Request`] and gives the bytes of the answer, or an [`Error`] that knows its
//! HTTP status and the code for an OperationOutcome. Whoever serves them reads parameters from the URL into a Parameters
//! resource and names the resource of an instance-level call as the [`subject`](Request::subject).

mod answer;
mod code_system_validation;
mod concept_map;
mod context;
mod display;
mod expand;
mod expansion;
mod expansion_options;
mod expansion_parameters;
mod expansion_properties;
mod given;
mod lookup;
mod property;
mod request;
mod subsumes;
mod text_filter;
mod translate;
mod validation;
mod value_set_validation;

pub use code_system_validation::validate_code_in_code_system;
pub use expand::expand;
pub use given::{Operation, answer};
pub use lookup::lookup;
pub use request::Request;
pub use subsumes::subsumes;
pub use translate::translate;
pub use value_set_validation::validate_code_in_value_set;

pub use super::coded::Coded;

use super::Error;
