//! What an operator may set.

/// Sizes of one data folder's state tables.
#[derive(Clone, Debug)]
pub struct Options {
    /// Blocks, indexes and filters of all partitions together. 64 MiB: a hospital's hot records on a small machine.
    pub block_cache_bytes: usize,
    /// Unflushed rows of one partition before it is flushed. 16 MiB: some seconds of full load.
    pub memtable_bytes: usize,
    /// Unflushed rows of all partitions together before the oldest are flushed. Bounds both memory and replay.
    pub memtables_bytes: usize,
    /// Files RocksDB keeps open.
    pub open_files_max: i32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            block_cache_bytes: 64 << 20,
            memtable_bytes: 16 << 20,
            memtables_bytes: 64 << 20,
            open_files_max: 512,
        }
    }
}
