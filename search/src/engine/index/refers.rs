//! Documents that refer to one of many resources: a column of hashes says to which each does.

use super::schema::PAIRS;
use super::tested::{Test, Tested};
use crate::kind::index::targets;
use crate::resource_set::ResourceSet;
use fhir::definitions::ParamId;
use std::ops::Range;
use std::sync::Arc;
use tantivy::columnar::Column;
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TantivyError};

/// The query.
#[derive(Clone, Debug)]
pub struct Refers {
    /// By this parameter.
    pub param: ParamId,
    /// To one of these.
    pub set: Arc<ResourceSet>,
}

/// What the documents of a segment refer to by a parameter, as hashes; `None` where none does. A document may refer to several.
///
/// # Errors
/// Tantivy's.
pub fn column(reader: &SegmentReader, param: ParamId) -> tantivy::Result<Option<Column<i64>>> {
    reader.fast_fields().column_opt::<i64>(&format!("{PAIRS}.{}", targets(param)))
}

/// A hash as it stands in a column.
pub fn to_column(hash: u64) -> i64 {
    hash as i64
}

/// Back.
#[inline]
pub fn from_column(value: i64) -> u64 {
    value as u64
}

impl Query for Refers {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Refers {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let column = column(reader, self.param)?.filter(|_| !self.set.is_empty());
        Ok(match column {
            Some(column) => {
                let test = OneOfThem { column, set: Arc::clone(&self.set) };
                Box::new(ConstScorer::new(Tested::new(test, reader.max_doc()), boost))
            }
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("Refers", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

struct OneOfThem {
    column: Column<i64>,
    set: Arc<ResourceSet>,
}

/// Values that are unpacked together.
const CHUNK: usize = 256;

impl Test for OneOfThem {
    fn eval(&mut self, doc: DocId) -> bool {
        self.column.values_for_doc(doc).any(|value| self.set.contains(from_column(value)))
    }

    fn scan(&mut self, docs: Range<DocId>, out: &mut Vec<DocId>) {
        let mut rows = self.column.index.docid_range_to_rowids(docs.clone());
        let mut values = [0_i64; CHUNK];
        while rows.start < rows.end {
            let len = (rows.end - rows.start).min(CHUNK as u32);
            let values = &mut values[..len as usize];
            self.column.values.get_range(u64::from(rows.start), values);
            let passing =
                (rows.start..).zip(&*values).filter(|(_, value)| self.set.contains(from_column(**value)));
            out.extend(passing.map(|(row, _)| row));
            rows.start += len;
        }
        self.column.index.select_batch_in_place(docs.start, out);
    }
}
