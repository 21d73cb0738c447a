//! Documents that a query finds and the matcher accepts: for conditions that terms alone do not decide.

use super::stored::{Stored, StoredTest};
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, TantivyError};

/// The query.
#[derive(Debug)]
pub struct Checked {
    /// What finds all that are wanted, and maybe others.
    pub inner: Box<dyn Query>,
    /// What the values of each have to fulfil.
    pub test: StoredTest,
}

impl Clone for Checked {
    fn clone(&self) -> Self {
        Checked { inner: self.inner.box_clone(), test: self.test.clone() }
    }
}

impl Query for Checked {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(CheckedWeight { inner: self.inner.weight(scoring)?, test: self.test.clone() }))
    }
}

struct CheckedWeight {
    inner: Box<dyn Weight>,
    test: StoredTest,
}

impl Weight for CheckedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let docs = self.inner.scorer(reader, boost)?;
        let first = docs.doc();
        if first == TERMINATED {
            // Known as such by whoever unites it with others.
            return Ok(Box::new(EmptyScorer));
        }
        let mut set = CheckedSet { docs, stored: self.test.open(reader)? };
        set.accept(first);
        Ok(Box::new(ConstScorer::new(set, boost)))
    }

    /// Does not look for a first document that another clause may not want.
    fn scorer_danger(
        &self,
        reader: &SegmentReader,
        target: DocId,
        boost: Score,
    ) -> tantivy::Result<(SeekDangerResult, Box<dyn Scorer>)> {
        let (found, docs) = self.inner.scorer_danger(reader, target, boost)?;
        let mut set = CheckedSet { docs, stored: self.test.open(reader)? };
        let answer = set.if_accepted(found, target);
        Ok((answer, Box::new(ConstScorer::new(set, boost))))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("Checked", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

/// Stands on a document that is accepted, or behind the last.
struct CheckedSet {
    docs: Box<dyn Scorer>,
    stored: Stored,
}

impl CheckedSet {
    /// Goes on from where the inner set stands to what is accepted.
    fn accept(&mut self, mut doc: DocId) -> DocId {
        while doc != TERMINATED && !self.stored.eval(doc) {
            doc = self.docs.advance();
        }
        doc
    }

    fn if_accepted(&mut self, found: SeekDangerResult, target: DocId) -> SeekDangerResult {
        match found {
            SeekDangerResult::Found if !self.stored.eval(target) => {
                SeekDangerResult::SeekLowerBound(target + 1)
            }
            answer => answer,
        }
    }
}

impl DocSet for CheckedSet {
    fn advance(&mut self) -> DocId {
        let next = self.docs.advance();
        self.accept(next)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.docs.doc() >= target {
            return self.docs.doc();
        }
        let next = self.docs.seek(target);
        self.accept(next)
    }

    /// Where another clause leads, nothing behind what it asks for is looked at.
    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        let found = self.docs.seek_danger(target);
        self.if_accepted(found, target)
    }

    fn doc(&self) -> DocId {
        self.docs.doc()
    }

    fn size_hint(&self) -> u32 {
        self.docs.size_hint()
    }

    /// To read the stored values of a document takes longer than to find it.
    fn cost(&self) -> u64 {
        self.docs.cost().saturating_mul(16)
    }
}
