//! The sealed part of a shard.

use super::index::schema::{Fields, schema};
use tantivy::Searcher;

/// The segments of a shard, as they were at one moment.
#[derive(Clone)]
pub struct Segments {
    pub searcher: Searcher,
    pub fields: Fields,
}

impl Segments {
    /// Those that the searcher has open.
    pub fn new(searcher: Searcher) -> Self {
        Segments { searcher, fields: schema().1 }
    }
}
