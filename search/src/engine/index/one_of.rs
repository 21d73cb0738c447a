//! Documents of many resources, found by the order of the segment as their hashes rise: none is looked for before it is asked for.

use super::order::DocumentOrder;
use crate::resource_set::ResourceSet;
use std::sync::Arc;
use tantivy::query::{ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError};

/// The query.
#[derive(Clone, Debug)]
pub struct OneOf(pub Arc<ResourceSet>);

impl Query for OneOf {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for OneOf {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let order = DocumentOrder::open(reader)?;
        let mut docs = Docs { set: Arc::clone(&self.0), order, len: reader.max_doc(), doc: 0 };
        docs.doc = docs.first_from(0);
        Ok(Box::new(ConstScorer::new(docs, boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("OneOf", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

struct Docs {
    set: Arc<ResourceSet>,
    order: DocumentOrder,
    len: DocId,
    doc: DocId,
}

impl Docs {
    /// The first one from a document on: by turns the next hash of the set, and the next document that has it or is behind it.
    fn first_from(&self, mut doc: DocId) -> DocId {
        while doc < self.len {
            let has = self.order.hash(doc);
            let Some(&wanted) = self.set.hashes().get(self.set.first_at(has)) else { break };
            if wanted == has {
                return doc;
            }
            doc = self.order.first_behind(wanted, doc);
        }
        TERMINATED
    }
}

impl DocSet for Docs {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED {
            self.doc = self.first_from(self.doc + 1);
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            self.doc = self.first_from(target);
        }
        self.doc
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target < self.len && self.set.contains(self.order.hash(target)) {
            self.doc = target;
            return SeekDangerResult::Found;
        }
        // It stands behind what does not match, or where it stood: what excludes by it asks for a document again.
        SeekDangerResult::SeekLowerBound(target.saturating_add(1).min(TERMINATED))
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        (self.set.hashes().len() as u32).min(self.len)
    }
}
