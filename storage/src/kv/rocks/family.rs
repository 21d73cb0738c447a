//! One partition's rows in RocksDB.

use super::generations::{self, Current};
use super::load::Load;
use super::{Database, engine};
use crate::error::Result;
use crate::kv::{Cursor, Direction, Engine, Loader, Range, Read, Rows, Stall};
use bytes::Bytes;
use rocksdb::{
    BoundColumnFamily, DB, DBRawIterator, ReadOptions, ReadTier, SnapshotWithThreadMode, WriteBatch,
};
use std::sync::Arc;

/// How far a sweep reads ahead: a disk that turns does well with that, and memory hardly feels it.
const READAHEAD_BYTES: usize = 1 << 20;

/// One partition's rows.
pub struct Family {
    pub(super) database: Arc<Database>,
    pub(super) current: Arc<Current>,
}

impl Family {
    /// Those that are current.
    pub(super) fn new(database: Arc<Database>, current: Arc<Current>) -> Self {
        Family { database, current }
    }

    pub(super) fn handle(&self) -> Result<Arc<BoundColumnFamily<'_>>> {
        self.current.look_up(|name| self.database.handle(name))
    }
}

impl Read for Family {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let value = self.database.db.get_pinned_cf(&self.handle()?, key).map_err(engine)?;
        Ok(value.map(|value| see(&value)).is_some())
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        let family = self.handle()?;
        let rows = self.database.db.raw_iterator_cf_opt(&family, bounds(range));
        Ok(Box::new(Rocks { rows, direction, started: false, _family: family }))
    }

    fn sweep(&self) -> Result<Box<dyn Cursor + '_>> {
        let family = self.handle()?;
        let rows = self.database.db.raw_iterator_cf_opt(&family, once());
        Ok(Box::new(Rocks { rows, direction: Direction::Ascending, started: false, _family: family }))
    }
}

impl Engine for Family {
    fn snapshot(&self) -> Result<Box<dyn Read + '_>> {
        Ok(Box::new(Frozen { family: self.handle()?, snapshot: self.database.db.snapshot() }))
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
        let look_up = |name: &str| (name.to_owned(), self.database.handle(name));
        let (name, family) = self.current.look_up(look_up);
        let Err(error) = self.database.db.flush_cf(&family?) else { return Ok(()) };
        match self.current.name() == name {
            true => Err(self.database.note(error)),
            // Rows that took the place of these are on disk since they did.
            false => Ok(()),
        }
    }

    fn loader(&self) -> Result<Box<dyn Loader>> {
        Ok(Box::new(Load::begin(Arc::clone(&self.database), Arc::clone(&self.current))?))
    }

    fn clear(&self) -> Result<()> {
        let mut tried = self.current.replacing.lock();
        self.database.owner.before_replacing()?;
        let new = generations::next(&self.database.db, &self.current.name(), &mut tried);
        self.database.resume()?;
        self.database.create(&new)?;
        self.current.set(new.clone());
        // Until the last one with rows is gone, the next start takes that for the current one.
        generations::drop_others(&self.database.db, &new)
    }

    fn durable(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let mut options = ReadOptions::default();
        // Without a WAL this skips the memtables, so it sees what is in synced files only.
        options.set_read_tier(ReadTier::Persisted);
        let value = self.database.db.get_pinned_cf_opt(&self.handle()?, key, &options).map_err(engine)?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }
}

/// Keeps the column family, whose rows may be replaced meanwhile.
struct Frozen<'f> {
    snapshot: SnapshotWithThreadMode<'f, DB>,
    family: Arc<BoundColumnFamily<'f>>,
}

impl Read for Frozen<'_> {
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool> {
        let value = self.snapshot.get_pinned_cf(&self.family, key).map_err(engine)?;
        Ok(value.map(|value| see(&value)).is_some())
    }

    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>> {
        let rows = self.snapshot.raw_iterator_cf_opt(&self.family, bounds(range));
        Ok(Box::new(Rocks { rows, direction, started: false, _family: Arc::clone(&self.family) }))
    }

    fn sweep(&self) -> Result<Box<dyn Cursor + '_>> {
        let rows = self.snapshot.raw_iterator_cf_opt(&self.family, once());
        let (direction, _family) = (Direction::Ascending, Arc::clone(&self.family));
        Ok(Box::new(Rocks { rows, direction, started: false, _family }))
    }
}

struct Rocks<'d> {
    rows: DBRawIterator<'d>,
    direction: Direction,
    started: bool,
    /// Its rows may be replaced meanwhile. Declared last, so given up after the rows.
    _family: Arc<BoundColumnFamily<'d>>,
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

/// For reading everything once: what others read again and again stays in the cache.
fn once() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.fill_cache(false);
    options.set_readahead_size(READAHEAD_BYTES);
    options
}
