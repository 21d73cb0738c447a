//! Intervals: a pair of i64 columns per parameter, low and high, aligned value by value, so that several values of one
//! resource are compared one at a time, as the matcher does.

use super::schema::{LAST_UPDATED, PAIRS};
use super::stored::{Stored, StoredTest};
use crate::query::Comparison;
use fhir::definitions::ParamId;
use tantivy::columnar::Column;
use tantivy::query::AllScorer;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, SegmentDocPredicate,
};
use tantivy::{DocId, SegmentReader};

/// The kinds of parameters that are intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Date,
    Number,
    Quantity,
}

/// The two columns of a parameter, inside the `pairs` field.
pub fn names(kind: Kind, param: ParamId) -> (String, String) {
    let letter = match kind {
        Kind::Date => 'd',
        Kind::Number => 'n',
        Kind::Quantity => 'q',
    };
    (format!("{letter}{}l", param.0), format!("{letter}{}h", param.0))
}

/// What to compare.
#[derive(Clone, Debug)]
pub enum Source {
    LastUpdated,
    Pair(Kind, ParamId),
}

/// Documents with a value that holds.
#[derive(Clone, Debug)]
pub struct PairTest {
    pub source: Source,
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

impl DocPredicate for PairTest {
    type SegmentDocPredicate = SegmentTest;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentTest>> {
        let fast = reader.fast_fields();
        let (low, high) = match self.source {
            Source::LastUpdated => (fast.column_opt::<i64>(LAST_UPDATED)?, None),
            Source::Pair(kind, param) => {
                let (low, high) = names(kind, param);
                let column = |name| fast.column_opt::<i64>(&format!("{PAIRS}.{name}"));
                let Some(high) = column(high)? else {
                    return Ok(ConstOrVariableSegmentPredicate::Const(false));
                };
                (column(low)?, Some(high))
            }
        };
        let Some(low) = low else { return Ok(ConstOrVariableSegmentPredicate::Const(false)) };
        let several = self.several.as_ref().map(|test| test.open(reader)).transpose()?;
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate: SegmentTest { low, high, comparison: self.comparison, several },
            necessary_condition: Box::new(AllScorer::new(reader.max_doc())),
        })
    }
}

impl SegmentDocPredicate for SegmentTest {
    fn eval(&mut self, doc: DocId) -> bool {
        let comparison = self.comparison;
        let Some(high) = &self.high else {
            return self.low.values_for_doc(doc).any(|at| comparison.holds(at, at + 1));
        };
        let mut pairs = self.low.values_for_doc(doc).zip(high.values_for_doc(doc));
        if !pairs.any(|(low, high)| comparison.holds(low, high)) {
            return false;
        }
        let Some(several) = &mut self.several else { return true };
        self.low.values_for_doc(doc).nth(1).is_none() || several.eval(doc)
    }
}
