//! Search parameters that are not R4's: SearchParameter resources, <https://hl7.org/fhir/R4/searchparameter.html>.
//!
//! A [`Definition`] is what matters of such a resource, checked; a [`Set`] is the ones of a tenant under the numbers that a
//! cluster gave them, and what extracts their values together with R4's own.

mod definition;
mod meaning;
mod reading;
mod refusal;
mod set;

pub use definition::{Definition, Meaning};
pub use refusal::Refusal;
pub use set::{Entry, Set};
