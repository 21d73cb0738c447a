//! Bundles: what a transaction or batch asks for, the references between its entries, and the bundles answered.
//!
//! <https://hl7.org/fhir/R4/http.html#transaction>, <https://hl7.org/fhir/R4/bundle.html>

mod entry;
mod error;
mod identity;
mod narrative;
mod placeholder;
mod read;
mod reference;
mod rewrite;
mod target;
mod write;

pub use entry::{Entry, Method};
pub use error::Error;
pub use read::{Bundle, Kind, Limits};
pub use reference::{Place, Reference, conditional_references, references};
pub use target::{InvalidTarget, Target};
pub use write::{HistoryEntry, Link, ResponseEntry, SearchMode, Writer, write_response};
