//! The Tantivy back end: the schema of documents, and what of a query becomes a Tantivy query.

pub mod by_key;
mod checked;
pub mod one_of;
pub mod order;
pub mod pairs;
pub mod refers;
pub mod schema;
mod segment_test;
pub mod stored;
pub mod term_range;
mod tested;
pub mod translate;
