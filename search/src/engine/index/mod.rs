//! The Tantivy back end: what of a resource becomes a document, and what of a query becomes a Tantivy query.

pub mod document;
mod pair_set;
pub mod pairs;
pub mod schema;
pub mod stored;
pub mod term_range;
pub mod translate;
