//! Terminology: code systems, value sets and concept maps, and the operations on them
//! (<https://hl7.org/fhir/R4/terminology-module.html>).
//!
//! [`Terminology`] finds the resources in a [`conformance::Source`](crate::conformance::Source), compiles what is asked
//! for and keeps it. A compiled [`ValueSet`] answers [`contains`](ValueSet::contains) without allocating: a binary search
//! over the codes of the system, then a bit of a bitmap.
//!
//! Membership has three values. Content that is not to be had here (SNOMED CT, LOINC, a fragment of a code system) makes
//! [`Membership::Unknown`] with a [`Reason`], never a guess; codes that a value set enumerates are known whatever system
//! they are of.

mod cache;
mod code_system;
mod code_table;
mod coded;
mod compilation;
mod error;
mod grammar;
mod limits;
mod member;
pub mod operation;
mod registry;
mod service;
mod subsumption;
mod supplement_index;
mod supplements;
mod value_set;
mod versions;

pub use code_system::{
    CodeSystem, Concept, ConceptProperty, ContentMode, Designation, PropertyType, Subsumption,
};
pub use error::Error;
pub use grammar::Grammar;
pub use limits::Limits;
pub use service::Terminology;
pub use value_set::{Entry, Membership, Reason, ValueSet};
pub use versions::VersionRules;

use crate::definitions::ResourceType;

const CODE_SYSTEM: ResourceType = ResourceType::from_name("CodeSystem").expect("a resource type");
const VALUE_SET: ResourceType = ResourceType::from_name("ValueSet").expect("a resource type");
