//! The R4 (4.0.1) definitions as compact tables: types, elements, search parameters, compartments.
//!
//! Everything here is read from the text files in `fhir/definitions/`, which the generator (`fhir-definitions`, feature
//! `generate`) writes from HL7's own package. Small hot tables (element names, resource types) are laid out at compile
//! time; the large ones are read once, on first use.

mod hash;
mod lines;
pub mod names;
mod resource_type;

pub use names::NameId;
pub use resource_type::ResourceType;
