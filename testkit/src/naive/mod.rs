//! FHIR R4 search as one would carry it out by hand, <https://hl7.org/fhir/R4/search.html>: every resource is looked at for every
//! question. It shares nothing with the server's search but FHIRPath's evaluator and the definitions: no index values, no compiled
//! query, no index. What the specification leaves open is read as `search/README.md` says.
//!
//! Not there: composites, `:text`, `:of-type`, `:identifier`, `:in` and its like. A kind of parameter is a file in `kind` and a
//! line in its `mod.rs`; a modifier is a line in its kind's file.

mod include;
mod kind;
mod matches;
mod query;
mod select;
mod sort;
mod store;
mod text;
mod words;

pub use include::includes;
pub use kind::{Place, UCUM, place};
pub use matches::Reader;
pub use query::Query;
pub use select::{Found, Json, select};
pub use sort::{Rule, compare, keys, rules};
pub use store::{Name, Store, Stored};
pub use text::{escape, split, unescape};
pub use words::{Text, content, narrative};
