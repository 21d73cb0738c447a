//! The documents of a segment that a test of columns accepts: scanned in blocks where nothing else narrows the search, asked
//! one by one where terms do.

use std::ops::Range;
use tantivy::{DocId, DocSet, SeekDangerResult, TERMINATED};

/// What is asked of the columns of a segment.
pub trait Test: Send {
    /// Whether the document has a value that passes.
    fn eval(&mut self, doc: DocId) -> bool;

    /// Appends the documents of the range that have; there is nothing in `out`.
    fn scan(&mut self, docs: Range<DocId>, out: &mut Vec<DocId>);
}

/// Documents of the first block after a jump; each further block is twice as long, for a page may end soon.
const BLOCK_MIN: u32 = 128;
const BLOCK_MAX: u32 = 4096;

/// The set.
pub struct Tested<T> {
    test: T,
    doc: DocId,
    /// Matches of the block that was scanned last, `found[at]` is `doc`.
    found: Vec<DocId>,
    at: usize,
    /// The first document that was not looked at.
    next: DocId,
    block: u32,
    max_doc: DocId,
}

impl<T: Test> Tested<T> {
    /// Over a segment of `max_doc` documents, standing on the first match.
    pub fn new(test: T, max_doc: DocId) -> Self {
        let mut set = Tested { test, doc: 0, found: Vec::new(), at: 0, next: 0, block: BLOCK_MIN, max_doc };
        set.scan();
        set
    }

    /// Goes to the first match from `next` on.
    fn scan(&mut self) {
        self.found.clear();
        self.at = 0;
        while self.found.is_empty() && self.next < self.max_doc {
            let end = self.max_doc.min(self.next + self.block);
            self.test.scan(self.next..end, &mut self.found);
            self.next = end;
            self.block = BLOCK_MAX.min(self.block * 2);
        }
        self.doc = self.found.first().copied().unwrap_or(TERMINATED);
    }

    /// Forgets the block and goes on at `next`.
    fn jump(&mut self, next: DocId) {
        self.found.clear();
        self.at = 0;
        self.next = next;
        self.block = BLOCK_MIN;
    }
}

impl<T: Test> DocSet for Tested<T> {
    #[inline]
    fn advance(&mut self) -> DocId {
        self.at += 1;
        match self.found.get(self.at) {
            Some(&doc) => self.doc = doc,
            None => self.scan(),
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        if target >= self.next {
            self.jump(target);
            self.scan();
            return self.doc;
        }
        self.at += self.found[self.at.min(self.found.len())..].partition_point(|&doc| doc < target);
        match self.found.get(self.at) {
            Some(&doc) => self.doc = doc,
            None => self.scan(),
        }
        self.doc
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= self.max_doc {
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        let found = self.doc == target || self.test.eval(target);
        self.jump(target + 1);
        if !found {
            // It does not stand there: what excludes by it asks for a document again.
            return SeekDangerResult::SeekLowerBound(target + 1);
        }
        self.doc = target;
        SeekDangerResult::Found
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.max_doc / 4
    }

    /// Below that of a term that all documents have, so that the scan leads and the term is asked.
    fn cost(&self) -> u64 {
        u64::from(self.max_doc) / 2
    }
}
