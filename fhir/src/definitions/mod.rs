//! The R4 (4.0.1) definitions as compact tables: types, elements, search parameters, compartments.
//!
//! Everything here is read from the text files in `fhir/definitions/`, which the generator (`fhir-definitions`, feature
//! `generate`) writes from HL7's own package. Small hot tables (element names, resource types) are laid out at compile
//! time; the large ones are read once, on first use, in about a millisecond.

pub mod archive;
mod code_systems;
mod compartment;
pub(crate) mod known_texts;
mod param_id;
mod resource_type;
mod search_parameter;
pub mod structure;

pub use crate::names::{self, NameId};
pub use compartment::{COMPARTMENTS, compartment_members, membership_params};
pub use param_id::ParamId;
pub use resource_type::ResourceType;
pub use search_parameter::{
    Alternative, Component, ParamKind, SearchParameter, search_parameter, search_parameters,
};
pub(crate) use search_parameter::{Said, kind as param_kind};
pub use structure::{Element, ElementType, TypeDefinition, TypeId, TypeKind};
