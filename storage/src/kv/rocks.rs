//! RocksDB: one database per data folder, one column family per partition, no WAL (the Raft log is the WAL). The only
//! module of the state tables that names `rocksdb`.

use super::{Cursor, Direction, Engine, Range, Read, Rows, Stall};
use crate::error::{Error, Result};
use crate::{Options, Shortage};
use bytes::Bytes;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, BoundColumnFamily, Cache, ColumnFamilyDescriptor, DB,
    DBCompressionType, DBRawIterator, LogLevel, ReadOptions, ReadTier, SnapshotWithThreadMode, WriteBatch,
    WriteOptions,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The database of a data folder.
pub struct Database {
    db: DB,
    cache: Cache,
    options: Options,
    /// A write failed: RocksDB may have gone read-only and has to be told to try again.
    stopped: AtomicBool,
    /// Declared last, so given up after the database is closed.
    _lock: Box<dyn Send + Sync>,
}

impl Database {
    /// Opens or creates the database with all column families it has. `lock` is kept until the database is closed,
    /// which is when the last partition lets go of it.
    pub fn open(dir: &Path, options: &Options, lock: impl Send + Sync + 'static) -> Result<Arc<Self>> {
        let cache = Cache::new_lru_cache(options.block_cache_bytes);
        let database_options = database_options(options);
        let names = match DB::list_cf(&database_options, dir) {
            Ok(names) => names,
            // A new folder; a damaged one fails again, with its reason, in the open below.
            Err(_) => vec!["default".to_owned()],
        };
        let family = |name| ColumnFamilyDescriptor::new(name, family_options(options, &cache));
        let db =
            DB::open_cf_descriptors(&database_options, dir, names.into_iter().map(family)).map_err(engine)?;
        let (options, stopped) = (options.clone(), AtomicBool::new(false));
        Ok(Arc::new(Database { db, cache, options, stopped, _lock: Box::new(lock) }))
    }

    /// The column family of that name, created where it does not exist.
    pub fn family(self: &Arc<Self>, name: &str) -> Result<Family> {
        if self.db.cf_handle(name).is_none() {
            self.db.create_cf(name, &family_options(&self.options, &self.cache)).map_err(engine)?;
        }
        Ok(Family { database: Arc::clone(self), name: name.to_owned() })
    }

    fn write(&self, batch: &WriteBatch, stall: Stall) -> Result<()> {
        // After a failed flush RocksDB refuses writes until it is resumed, which fails while the cause lasts.
        if self.stopped.load(Ordering::Acquire) {
            self.db.resume().map_err(engine)?;
            self.stopped.store(false, Ordering::Release);
        }
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        options.set_no_slowdown(stall == Stall::Refuse);
        self.db.write_opt(batch, &options).map_err(|error| self.note(error))
    }

    fn note(&self, error: rocksdb::Error) -> Error {
        let error = engine(error);
        if !matches!(error, Error::Busy(_)) {
            self.stopped.store(true, Ordering::Release);
        }
        error
    }
}

/// One partition's rows.
pub struct Family {
    database: Arc<Database>,
    name: String,
}

impl Family {
    fn handle(&self) -> Result<Arc<BoundColumnFamily<'_>>> {
        let gone = || Error::Engine(format!("column family {} is gone", self.name));
        self.database.db.cf_handle(&self.name).ok_or_else(gone)
    }
}

impl Read for Family {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let value = self.database.db.get_pinned_cf(&self.handle()?, key).map_err(engine)?;
        Ok(value.map(|value| see(&value)).is_some())
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        let rows = self.database.db.raw_iterator_cf_opt(&self.handle()?, bounds(range));
        Ok(Box::new(Rocks { rows, direction, started: false }))
    }
}

impl Engine for Family {
    fn snapshot(&self) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(Frozen { snapshot: self.database.db.snapshot(), family: self }))
    }

    fn write(&self, rows: &Rows, stall: Stall) -> Result<()> {
        let family = self.handle()?;
        let bytes =
            |(key, value): (&Vec<u8>, &Option<Bytes>)| key.len() + value.as_ref().map_or(0, Bytes::len) + 16;
        let mut batch = WriteBatch::with_capacity_bytes(rows.iter().map(bytes).sum());
        for (key, value) in rows {
            match value {
                Some(value) => batch.put_cf(&family, key, value),
                None => batch.delete_cf(&family, key),
            }
        }
        self.database.write(&batch, stall)
    }

    fn flush(&self) -> Result<()> {
        self.database.db.flush_cf(&self.handle()?).map_err(|error| self.database.note(error))
    }

    fn durable(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let mut options = ReadOptions::default();
        // Without a WAL this skips the memtables, so it sees what is in synced files only.
        options.set_read_tier(ReadTier::Persisted);
        let value = self.database.db.get_pinned_cf_opt(&self.handle()?, key, &options).map_err(engine)?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }
}

struct Frozen<'f> {
    snapshot: SnapshotWithThreadMode<'f, DB>,
    family: &'f Family,
}

impl Read for Frozen<'_> {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let value = self.snapshot.get_pinned_cf(&self.family.handle()?, key).map_err(engine)?;
        Ok(value.map(|value| see(&value)).is_some())
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        let rows = self.snapshot.raw_iterator_cf_opt(&self.family.handle()?, bounds(range));
        Ok(Box::new(Rocks { rows, direction, started: false }))
    }
}

struct Rocks<'d> {
    rows: DBRawIterator<'d>,
    direction: Direction,
    started: bool,
}

impl Cursor for Rocks<'_> {
    fn advance(&mut self) -> Result<bool> {
        match (self.started, self.direction) {
            // The range's bounds are the iterator's, so these stay inside it.
            (false, Direction::Ascending) => self.rows.seek_to_first(),
            (false, Direction::Descending) => self.rows.seek_to_last(),
            (true, Direction::Ascending) => self.rows.next(),
            (true, Direction::Descending) => self.rows.prev(),
        }
        self.started = true;
        if self.rows.valid() {
            return Ok(true);
        }
        self.rows.status().map_err(engine)?;
        Ok(false)
    }

    fn key(&self) -> &[u8] {
        self.rows.key().unwrap_or_default()
    }

    fn value(&self) -> &[u8] {
        self.rows.value().unwrap_or_default()
    }
}

fn bounds(range: &Range) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_iterate_lower_bound(range.lower.as_slice());
    options.set_iterate_upper_bound(range.upper.clone().max(range.lower.clone()));
    options
}

fn engine(error: rocksdb::Error) -> Error {
    of_text(error.into_string())
}

/// Only the text tells what the system ran out of. RocksDB retries a flush that met a full disk by itself; until
/// that succeeds, others are told that its recovery is in progress. A write that would have to wait is not made.
fn of_text(text: String) -> Error {
    let recovering = text.contains("Recovery in progress").then_some(Shortage::Disk);
    match Shortage::of_text(&text).or(recovering) {
        Some(what) => Error::Short { what, context: text },
        None if text.starts_with("Result incomplete") => Error::Busy(text),
        None => Error::Engine(text),
    }
}

fn database_options(options: &Options) -> rocksdb::Options {
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
    rocks
}

/// The library's own.
const ZSTD_WINDOW: i32 = -14;
/// Its fastest (decisions/0002).
const ZSTD_LEVEL: i32 = 1;

fn family_options(options: &Options, cache: &Cache) -> rocksdb::Options {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    fn row(key: &str) -> Rows {
        Rows::from([(key.as_bytes().to_vec(), Some(Bytes::from_static(b"value")))])
    }

    #[test]
    fn a_stalled_engine_refuses_or_waits_as_told() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path(), &Options::default(), ()).unwrap();
        let family = database.family("p1").unwrap();
        let trigger = |files: &str| {
            let options = [("level0_slowdown_writes_trigger", files), ("level0_stop_writes_trigger", files)];
            database.db.set_options_cf(&family.handle().unwrap(), &options).unwrap();
        };
        family.write(&row("a"), Stall::Refuse).unwrap();
        family.flush().unwrap();
        // One file is one too many from now on.
        trigger("1");
        let refused = family.write(&row("b"), Stall::Refuse);
        assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
        let (sender, written) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| sender.send(family.write(&row("b"), Stall::Wait)).unwrap());
            assert!(written.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
            trigger("100");
            written.recv().unwrap().unwrap();
        });
        family.write(&row("c"), Stall::Refuse).unwrap();
    }

    #[test]
    fn a_shortage_is_told_from_other_errors() {
        let of = |text: &str| of_text(text.to_owned()).shortage();
        let full = of("IO error: No space left on device: While appending to file: 000054.sst");
        assert_eq!(full, Some(Shortage::Disk));
        assert_eq!(of("Resource busy: Recovery in progress"), Some(Shortage::Disk));
        let many = of("IO error: Too many open files: While open a file for random read: 000054.sst");
        assert_eq!(many, Some(Shortage::Descriptors));
        assert_eq!(of("Corruption: bad block"), None);
        assert!(matches!(of_text("Result incomplete: Write stall".to_owned()), Error::Busy(_)));
    }
}
