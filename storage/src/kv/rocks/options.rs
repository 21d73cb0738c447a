//! How RocksDB is set up: for a server that has other things to do, and for rows that are written once and read by prefix.

use crate::Options;
use rocksdb::{BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, LogLevel};

/// Of the database.
pub fn database_options(options: &Options) -> rocksdb::Options {
    let mut rocks = rocksdb::Options::default();
    rocks.create_if_missing(true);
    rocks.create_missing_column_families(true);
    // One flush and one compaction at a time: the machine's cores belong to requests.
    rocks.set_max_background_jobs(2);
    rocks.set_db_write_buffer_size(options.memtables_bytes);
    rocks.set_bytes_per_sync(1 << 20);
    rocks.set_max_open_files(options.open_files_max);
    rocks.set_keep_log_file_num(2);
    rocks.set_max_log_file_size(4 << 20);
    rocks.set_log_level(LogLevel::Warn);
    rocks.set_stats_dump_period_sec(0);
    rocks.set_stats_persist_period_sec(0);
    // The log replays what a shutdown did not flush; callers that want a fast start flush first.
    rocks.set_avoid_flush_during_shutdown(true);
    // Who is the last to read replaced rows does not remove their files on its way.
    rocks.set_avoid_unnecessary_blocking_io(true);
    rocks
}

/// The library's own.
const ZSTD_WINDOW: i32 = -14;
/// Its fastest (decisions/0002).
const ZSTD_LEVEL: i32 = 1;

/// Of a column family.
pub fn family_options(options: &Options, cache: &Cache) -> rocksdb::Options {
    let mut rocks = rocksdb::Options::default();
    rocks.set_write_buffer_size(options.memtable_bytes);
    rocks.set_max_write_buffer_number(3);
    rocks.set_arena_block_size(256 << 10);
    // A create looks up keys that do not exist (fence, dedup): the filters answer without a walk of the skip list.
    rocks.set_memtable_prefix_bloom_ratio(0.02);
    rocks.set_memtable_whole_key_filtering(true);
    // Admission control slows writers, before the log; a stall below it would stop elections.
    // A compaction writes all of a level again that is smaller than 256 MB, so that it pays to wait for more to add.
    rocks.set_level_zero_file_num_compaction_trigger(8);
    rocks.set_level_zero_slowdown_writes_trigger(40);
    rocks.set_level_zero_stop_writes_trigger(100);
    rocks.set_level_compaction_dynamic_level_bytes(true);
    rocks.set_target_file_size_base(32 << 20);
    rocks.set_compression_type(DBCompressionType::Lz4);
    rocks.set_bottommost_compression_type(DBCompressionType::Zstd);
    // Compaction is a fifth of what loading costs, and most of that is compression.
    rocks.set_bottommost_compression_options(ZSTD_WINDOW, ZSTD_LEVEL, 0, 0, true);
    rocks.set_block_based_table_factory(&table_options(cache));
    rocks
}

fn table_options(cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_block_size(16 << 10);
    table.set_bloom_filter(10.0, false);
    table.set_whole_key_filtering(true);
    table.set_optimize_filters_for_memory(true);
    // Index and filter blocks count against the cache, so that memory stays bounded as the store grows. They come in
    // pieces the size of a block, below a top that is pinned: a look-up reads the piece it needs, not the index and
    // filter of a whole file.
    table.set_cache_index_and_filter_blocks(true);
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(8 << 10);
    table.set_pin_top_level_index_and_filter(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(6);
    table
}
