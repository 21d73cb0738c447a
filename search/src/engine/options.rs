//! The engine's settings.

use std::time::Duration;

/// Settings of the engine. The defaults suit a node with a few GB of memory.
#[derive(Clone, Debug)]
pub struct Options {
    /// Index writers of the node; partitions are spread over them. A change rebuilds the index.
    pub shards: usize,
    /// Memory of one index writer, in bytes: at least 15 MB.
    pub writer_bytes: usize,
    /// Entries of the tail at which the sealer starts.
    pub seal_docs: usize,
    /// The longest time after the first entry of the tail until the sealer starts, if it is not at work then.
    pub seal_after: Duration,
    /// Entries that may wait besides those being sealed; more make `publish` wait. At least `seal_docs`.
    pub tail_docs_max: usize,
    /// Bytes of entries that may wait besides those being sealed; more make `publish` wait.
    pub tail_bytes_max: usize,
    /// Memory of documents in the order of columns that `_sort` asks for, four bytes for each: a sort that finds no room in it looks at every match.
    pub order_bytes_max: usize,
    /// Segments of fewer documents are gone through.
    pub order_docs_min: u32,
    /// Pause after a failed seal before it is tried again.
    pub retry_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            shards: 2,
            writer_bytes: 20 << 20,
            seal_docs: 8192,
            seal_after: Duration::from_millis(750),
            tail_docs_max: 32_768,
            tail_bytes_max: 64 << 20,
            order_bytes_max: 64 << 20,
            order_docs_min: 16_384,
            retry_after: Duration::from_secs(1),
        }
    }
}
