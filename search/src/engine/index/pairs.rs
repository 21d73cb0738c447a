//! Intervals: a pair of i64 columns per parameter, low and high, aligned value by value, so that several values of one
//! resource are compared one at a time, as the matcher does.

use super::schema::{LAST_UPDATED, PAIRS};
use super::segment_test::SegmentTest;
use super::stored::StoredTest;
use super::tested::Tested;
use crate::kind::comparison::Comparison;
use crate::kind::index::Column;
use fhir::definitions::ParamId;
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TantivyError};

/// What to compare.
#[derive(Clone, Debug)]
pub enum Source {
    /// The resource's own `lastUpdated`.
    LastUpdated,
    /// The intervals of a parameter.
    Pair(Column, ParamId),
}

/// Documents with a value that holds.
#[derive(Clone, Debug)]
pub struct PairTest {
    /// The intervals of the document.
    pub source: Source,
    /// What they are held against.
    pub comparison: Comparison,
    /// Decides where a document has several values and the pair alone does not.
    pub several: Option<StoredTest>,
}

impl Query for PairTest {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PairTest {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.open(reader)? {
            Some(test) => Box::new(ConstScorer::new(Tested::new(test, reader.max_doc()), boost)),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("PairTest", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

impl PairTest {
    /// `None`: no document of the segment has a value.
    fn open(&self, reader: &SegmentReader) -> tantivy::Result<Option<SegmentTest>> {
        let fast = reader.fast_fields();
        let (low, high) = match self.source {
            Source::LastUpdated => (fast.column_opt::<i64>(LAST_UPDATED)?, None),
            Source::Pair(column, param) => {
                let (low, high) = column.names(param);
                let column = |name| fast.column_opt::<i64>(&format!("{PAIRS}.{name}"));
                let Some(high) = column(high)? else { return Ok(None) };
                (column(low)?, Some(high))
            }
        };
        let Some(low) = low else { return Ok(None) };
        let several = self.several.as_ref().map(|test| test.open(reader)).transpose()?;
        Ok(Some(SegmentTest { low, high, comparison: self.comparison, several }))
    }
}
