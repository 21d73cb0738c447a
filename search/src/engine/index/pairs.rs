//! Intervals: a pair of i64 columns per parameter, low and high, aligned value by value, so that several values of one
//! resource are compared one at a time, as the matcher does.

use super::pair_set::PairSet;
use super::schema::{LAST_UPDATED, PAIRS};
use super::stored::{Stored, StoredTest};
use crate::kind::comparison::{Comparison, Prefix};
use crate::kind::index;
use fhir::definitions::ParamId;
use std::ops::Range;
use tantivy::columnar::Column;
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TantivyError};

/// What to compare.
#[derive(Clone, Debug)]
pub enum Source {
    /// The resource's own `lastUpdated`.
    LastUpdated,
    /// The intervals of a parameter.
    Pair(index::Column, ParamId),
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

/// The test on one segment.
pub struct SegmentTest {
    low: Column<i64>,
    /// `None`: points.
    high: Option<Column<i64>>,
    comparison: Comparison,
    several: Option<Stored>,
}

impl Query for PairTest {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PairTest {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.open(reader)? {
            Some(test) => Box::new(ConstScorer::new(PairSet::new(test, reader.max_doc()), boost)),
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

/// Values that are unpacked together.
const CHUNK: usize = 256;

impl SegmentTest {
    /// Whether the document has a value that holds.
    pub fn eval(&mut self, doc: DocId) -> bool {
        // Both columns were written together, so one index serves both.
        let rows = self.low.index.value_row_ids(doc);
        let one = rows.len() == 1;
        rows.into_iter().any(|row| self.holds(row)) && (one || self.decides(doc))
    }

    fn holds(&self, row: u32) -> bool {
        let low = || self.low.values.get_val(row);
        let Some(high) = &self.high else {
            let at = low();
            return self.comparison.holds(at, at + 1);
        };
        match ends(self.comparison.prefix) {
            Ends::Low => self.comparison.holds(low(), i64::MAX),
            Ends::High => self.comparison.holds(i64::MIN, high.values.get_val(row)),
            Ends::Both => self.comparison.holds(low(), high.values.get_val(row)),
        }
    }

    fn decides(&mut self, doc: DocId) -> bool {
        self.several.as_mut().is_none_or(|several| several.eval(doc))
    }

    /// Appends the documents of the range that match.
    pub fn scan(&mut self, docs: Range<DocId>, out: &mut Vec<DocId>) {
        debug_assert!(out.is_empty());
        let rows = self.low.index.docid_range_to_rowids(docs.clone());
        self.rows(rows, out);
        self.low.index.select_batch_in_place(docs.start, out);
        if self.several.is_some() {
            out.retain(|&doc| self.low.index.value_row_ids(doc).len() == 1 || self.decides(doc));
        }
    }

    /// The rows of the range whose values hold.
    fn rows(&self, rows: Range<u32>, out: &mut Vec<u32>) {
        let (mut low, mut high) = ([i64::MIN; CHUNK], [i64::MAX; CHUNK]);
        let ends = if self.high.is_some() { ends(self.comparison.prefix) } else { Ends::Low };
        let comparison = self.comparison;
        let mut start = rows.start;
        while start < rows.end {
            let len = (rows.end - start).min(CHUNK as u32);
            let (low, high) = (&mut low[..len as usize], &mut high[..len as usize]);
            if ends != Ends::High {
                self.low.values.get_range(u64::from(start), low);
            }
            match &self.high {
                Some(column) if ends != Ends::Low => column.values.get_range(u64::from(start), high),
                Some(_) => {}
                None => high.iter_mut().zip(low.iter()).for_each(|(high, low)| *high = low + 1),
            }
            let pairs = (start..).zip(low.iter().zip(high.iter()));
            out.extend(pairs.filter(|(_, (low, high))| comparison.holds(**low, **high)).map(|(row, _)| row));
            start += len;
        }
    }
}

/// The ends of a value that a comparison asks for; the other one need not be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Low,
    High,
    Both,
}

fn ends(prefix: Prefix) -> Ends {
    match prefix {
        Prefix::Lt | Prefix::Sa => Ends::Low,
        Prefix::Gt | Prefix::Eb => Ends::High,
        Prefix::Eq | Prefix::Ne | Prefix::Ge | Prefix::Le | Prefix::Ap => Ends::Both,
    }
}
