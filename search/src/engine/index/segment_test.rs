//! Whether documents of one segment have an interval that holds: one document, or a range of them.

use super::stored::Stored;
use super::tested::Test;
use crate::kind::comparison::{Comparison, Prefix};
use std::ops::Range;
use tantivy::DocId;
use tantivy::columnar::Column;

/// The test on one segment.
pub struct SegmentTest {
    pub low: Column<i64>,
    /// `None`: points.
    pub high: Option<Column<i64>>,
    pub comparison: Comparison,
    pub several: Option<Stored>,
}

/// Values that are unpacked together.
const CHUNK: usize = 256;

impl Test for SegmentTest {
    fn eval(&mut self, doc: DocId) -> bool {
        // Both columns were written together, so one index serves both.
        let rows = self.low.index.value_row_ids(doc);
        let one = rows.len() == 1;
        rows.into_iter().any(|row| self.holds(row)) && (one || self.decides(doc))
    }

    fn scan(&mut self, docs: Range<DocId>, out: &mut Vec<DocId>) {
        let rows = self.low.index.docid_range_to_rowids(docs.clone());
        self.rows(rows, out);
        self.low.index.select_batch_in_place(docs.start, out);
        if self.several.is_some() {
            out.retain(|&doc| self.low.index.value_row_ids(doc).len() == 1 || self.decides(doc));
        }
    }
}

impl SegmentTest {
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
        Prefix::Eq | Prefix::Ne | Prefix::Ge | Prefix::Le | Prefix::Ap | Prefix::Overlaps => Ends::Both,
    }
}
