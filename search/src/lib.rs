#![warn(missing_docs)]
//! Search: the FHIR search language, the matcher over index values, and the index (Tantivy segments plus the fresh tail).
//!
//! A request compiles to a [`Query`], and [`Engine::answer`] runs it where its matches can be: by point reads, by one scan
//! of a compartment, or over the population. Nothing here reads resource bodies; hits are rechecked by the caller.

pub mod cursor;
pub mod engine;
mod error;
mod facts;
mod inside;
mod kind;
mod local;
pub mod matcher;
pub mod page;
mod part;
pub mod query;
mod relevance;
mod resource_set;
mod set;
mod sort;
mod start;
mod tally;
mod work;

pub use engine::{Engine, Gather, Options, Recovered, trace_of, traces, united};
pub use error::{Error, Result};
pub use facts::Facts;
pub use local::{MATCHES_MAX, Partitions};
pub use matcher::matches;
pub use page::{Hit, Page, SortKey};
pub use part::Part;
pub use query::{Limits, NoTerminology, Query, Request, Scope, Terminology, Token};
pub use relevance::Relevance;
pub use resource_set::ResourceSet;
pub use set::PartitionSet;
pub use sort::Sort;
pub use start::Start;
pub use tally::Tell;
pub use work::{Looked, Work};
