//! The sealed part of a shard.

use super::index::schema::{Fields, schema};
use super::orders::Orders;
use std::sync::Arc;
use tantivy::Searcher;

/// The segments of a shard, as they were at one moment.
#[derive(Clone)]
pub struct Segments {
    pub searcher: Searcher,
    pub fields: Fields,
    pub orders: Arc<Orders>,
}

impl Segments {
    /// Those that the searcher has open.
    pub fn new(searcher: Searcher, orders: Arc<Orders>) -> Self {
        Segments { searcher, fields: schema().1, orders }
    }
}
