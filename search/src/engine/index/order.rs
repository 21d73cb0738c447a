//! The order of a segment's documents: by the hash of their resource (decisions/0001).

use super::schema::SORT;
use std::sync::Arc;
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, SegmentReader};

/// The hashes, which rise with the documents.
pub struct DocumentOrder {
    hashes: Arc<dyn ColumnValues<u64>>,
    len: DocId,
}

impl DocumentOrder {
    /// Of a segment.
    pub fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let hashes = reader.fast_fields().u64(SORT)?.first_or_default_col(0);
        Ok(DocumentOrder { hashes, len: reader.max_doc() })
    }

    /// The hash of a document.
    #[inline]
    pub fn hash(&self, doc: DocId) -> u64 {
        self.hashes.get_val(doc)
    }

    /// The first document from `from` on whose hash is not below `hash`; the number of all documents if there is none. All
    /// before `from` must be below it.
    pub fn first_at(&self, hash: u64, from: DocId) -> DocId {
        self.first_among(hash, from, self.len)
    }

    /// The first document behind `doc`, whose hash is below `hash`, that has that hash or a greater one; the number of all documents if there
    /// is none. Near ones are found soonest.
    pub fn first_behind(&self, hash: u64, doc: DocId) -> DocId {
        let (mut below, mut step) = (doc, 1);
        while below + step < self.len && self.hash(below + step) < hash {
            below += step;
            step *= 2;
        }
        self.first_among(hash, below + 1, self.len.min(below + step))
    }

    /// The first of some documents whose hash is not below `hash`; `high` where there is none.
    fn first_among(&self, hash: u64, mut low: DocId, mut high: DocId) -> DocId {
        while low < high {
            let middle = low + (high - low) / 2;
            match self.hash(middle) < hash {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// The documents with this hash, of which `first` is the first: what [`Self::first_at`] found.
    pub fn run(&self, hash: u64, first: DocId) -> impl Iterator<Item = DocId> {
        (first..self.len).take_while(move |&doc| self.hash(doc) == hash)
    }
}
