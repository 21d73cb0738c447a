//! The exact check over a document's stored index values, for what terms and pairs cannot decide alone.

use crate::matcher::leaf_matches;
use crate::query::Leaf;
use fhir::index::Values;
use std::sync::Arc;
use tantivy::schema::{Field, Value as _};
use tantivy::store::StoreReader;
use tantivy::{DocId, SegmentReader, TantivyDocument};

/// Blocks of the document store a running query keeps unpacked: documents come in order, so few do.
const CACHED_BLOCKS: usize = 2;

/// One leaf, to be checked by the matcher.
#[derive(Clone, Debug)]
pub struct StoredTest {
    /// Where the encoded index values are.
    pub field: Field,
    /// What they have to fulfil.
    pub leaf: Arc<Leaf>,
}

/// The check on one segment.
pub struct Stored {
    store: StoreReader,
    field: Field,
    leaf: Arc<Leaf>,
}

impl StoredTest {
    /// Opens the segment's store.
    pub fn open(&self, reader: &SegmentReader) -> tantivy::Result<Stored> {
        let store = reader.get_store_reader(CACHED_BLOCKS)?;
        Ok(Stored { store, field: self.field, leaf: Arc::clone(&self.leaf) })
    }
}

impl Stored {
    /// Whether the matcher accepts the document. One that cannot be read does not match; the damage is logged.
    pub fn eval(&mut self, doc: DocId) -> bool {
        let stored = match self.store.get::<TantivyDocument>(doc) {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(doc, %error, "a stored document of the search index cannot be read");
                return false;
            }
        };
        let bytes = stored.get_first(self.field).and_then(|value| value.as_bytes()).unwrap_or_default();
        leaf_matches(&Values::trusted(bytes), &self.leaf)
    }
}
