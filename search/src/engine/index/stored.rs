//! A document's stored index values, and the exact check over them, for what terms and pairs cannot decide alone.

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
    values: StoredValues,
    leaf: Arc<Leaf>,
}

/// The encoded index values of a segment's documents.
pub struct StoredValues {
    store: StoreReader,
    field: Field,
}

impl StoredValues {
    /// Opens the segment's store, where they are in `field`.
    pub fn open(reader: &SegmentReader, field: Field) -> tantivy::Result<Self> {
        Ok(StoredValues { store: reader.get_store_reader(CACHED_BLOCKS)?, field })
    }

    /// What `see` makes of those of a document, which are none where nothing is stored.
    pub fn with<T>(&self, doc: DocId, see: impl FnOnce(&Values<'_>) -> T) -> tantivy::Result<T> {
        let stored = self.store.get::<TantivyDocument>(doc)?;
        let bytes = stored.get_first(self.field).and_then(|value| value.as_bytes()).unwrap_or_default();
        Ok(see(&Values::trusted(bytes)))
    }
}

impl StoredTest {
    /// Opens the segment's store.
    pub fn open(&self, reader: &SegmentReader) -> tantivy::Result<Stored> {
        Ok(Stored { values: StoredValues::open(reader, self.field)?, leaf: Arc::clone(&self.leaf) })
    }
}

impl Stored {
    /// Whether the matcher accepts the document. One that cannot be read does not match; the damage is logged.
    pub fn eval(&mut self, doc: DocId) -> bool {
        let matches = self.values.with(doc, |values| leaf_matches(values, &self.leaf));
        matches.unwrap_or_else(|error| {
            tracing::error!(doc, %error, "a stored document of the search index cannot be read");
            false
        })
    }
}
