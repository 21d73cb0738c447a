//! The sealed part of a shard.

use super::index::schema::{Fields, schema};
use super::index::term_range::starting;
use super::orders::Orders;
use crate::error::Result;
use crate::kind::index::{OF_TENANTS, tenant_of};
use proto::id::TenantId;
use std::sync::Arc;
use tantivy::{Searcher, TantivyError};

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

    /// The tenants that have documents here, also if all of them are deleted and not merged away yet.
    ///
    /// # Errors
    /// Of the index.
    pub fn tenants(&self) -> Result<Vec<TenantId>> {
        let mut found = vec![];
        for reader in self.searcher.segment_readers() {
            let inverted = reader.inverted_index(self.fields.terms)?;
            let mut terms = starting(&inverted, &OF_TENANTS, false).map_err(TantivyError::from)?;
            while terms.advance() {
                found.extend(tenant_of(terms.key()));
            }
        }
        Ok(found)
    }
}
