//! The Tantivy back end: the schema of documents, and what of a query becomes a Tantivy query.

pub mod by_key;
mod checked;
pub mod order;
mod pair_set;
pub mod pairs;
pub mod schema;
mod segment_test;
pub mod stored;
pub mod term_range;
pub mod translate;
