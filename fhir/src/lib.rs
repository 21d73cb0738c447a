//! FHIR itself, pure: no async, no IO, no clock.

pub mod bundle;
pub mod compartment;
pub mod conformance;
pub mod definitions;
pub mod fhirpath;
mod fhirpath_syntax;
pub mod index;
pub mod json;
pub mod names;
pub mod outcome;
pub mod patch;
pub mod percent;
pub mod projection;
pub mod resource;
pub mod terminology;
pub mod validation;
pub mod xhtml;
pub mod xml;
