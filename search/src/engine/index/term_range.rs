//! All documents with a term in a range of the dictionary that passes a test: prefixes and `:contains`.

use std::io;
use std::sync::Arc;
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::termdict::TermStreamer;
use tantivy::{BitSet, DocId, DocSet, InvertedIndexReader, Score, SegmentReader, TantivyError};

/// Looks at a whole term.
pub type Test = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// The query: terms of `field` that start with `prefix` and, where there is a test, pass it.
#[derive(Clone)]
pub struct TermRange {
    /// Whose terms.
    pub field: Field,
    /// How they start.
    pub prefix: Vec<u8>,
    /// What else they have to pass.
    pub test: Option<Test>,
}

impl std::fmt::Debug for TermRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TermRange").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Query for TermRange {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for TermRange {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut found = BitSet::with_max_value(reader.max_doc());
        let index = reader.inverted_index(self.field)?;
        let mut terms = starting(&index, &self.prefix, false)?;
        while terms.advance() {
            if self.test.as_ref().is_some_and(|test| !test(terms.key())) {
                continue;
            }
            let mut postings =
                index.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() {
                for &doc in postings.docs() {
                    found.insert(doc);
                }
                postings.advance();
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(found), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        match self.scorer(reader, 1.0)?.seek(doc) == doc {
            true => Ok(Explanation::new("TermRange", 1.0)),
            false => Err(TantivyError::InvalidArgument(format!("document {doc} does not match"))),
        }
    }
}

/// The terms of a dictionary that start with `prefix`, falling if that is wanted.
pub fn starting<'i>(
    index: &'i InvertedIndexReader,
    prefix: &[u8],
    descending: bool,
) -> io::Result<TermStreamer<'i>> {
    let mut range = index.terms().range().ge(prefix);
    if let Some(end) = after(prefix) {
        range = range.lt(end);
    }
    if descending {
        range = range.backward();
    }
    range.into_stream()
}

/// The least byte string greater than all that start with `prefix`.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
