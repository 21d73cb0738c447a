//! What a search had to look at, for those who ask why it takes so long.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts while a search is carried out, maybe by several threads.
#[derive(Debug, Default)]
pub struct Work {
    segments: AtomicU64,
    documents: AtomicU64,
    entries: AtomicU64,
    rows: AtomicU64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Segments of the index.
    pub segments: u64,
    /// Documents of theirs that match, looked at one by one; what the index counts in whole blocks is not among them.
    pub documents: u64,
    /// Entries of the fresh tail that were held against the conditions.
    pub entries: u64,
    /// Rows that were held against them.
    pub rows: u64,
}

impl Work {
    /// Adds to it.
    pub fn add(&self, looked: Looked) {
        self.segments.fetch_add(looked.segments, Relaxed);
        self.documents.fetch_add(looked.documents, Relaxed);
        self.entries.fetch_add(looked.entries, Relaxed);
        self.rows.fetch_add(looked.rows, Relaxed);
    }

    /// What was counted so far.
    pub fn looked(&self) -> Looked {
        Looked {
            segments: self.segments.load(Relaxed),
            documents: self.documents.load(Relaxed),
            entries: self.entries.load(Relaxed),
            rows: self.rows.load(Relaxed),
        }
    }
}
