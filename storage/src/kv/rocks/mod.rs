//! RocksDB: one database per data folder, one column family at a time per partition, no WAL (the Raft log is the WAL). The
//! only module of the state tables that names `rocksdb`.

mod family;
mod generations;
mod load;
mod options;

#[cfg(test)]
mod tests;

pub use family::Family;

use super::{Owner, Stall};
use crate::error::{Error, Result};
use crate::{Options, Shortage};
use generations::Current;
use options::{database_options, family_options};
use parking_lot::Mutex;
use rocksdb::{
    BoundColumnFamily, Cache, ColumnFamilyDescriptor, DB, IngestExternalFileOptions, WriteBatch, WriteOptions,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The database of a data folder.
pub struct Database {
    db: DB,
    cache: Cache,
    options: Options,
    /// Which column family has a partition's rows.
    families: Mutex<BTreeMap<String, Arc<Current>>>,
    /// Where files of loads are written, inside the database's folder: they become its own by a link.
    incoming: PathBuf,
    /// How many loads began.
    loads: AtomicU64,
    /// A write failed: RocksDB may have gone read-only and has to be told to try again.
    stopped: AtomicBool,
    /// Declared last, so given up after the database is closed.
    owner: Box<dyn Owner>,
}

impl Database {
    /// Opens or creates the database with all column families it has, and removes what a crash left of loads. `owner` is
    /// kept until the database is closed, which is when the last partition lets go of it.
    pub fn open(dir: &Path, options: &Options, owner: impl Owner + 'static) -> Result<Arc<Self>> {
        let incoming = dir.join("incoming");
        load::remove(&incoming)?;
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
        let families = Mutex::new(generations::settle(&db)?);
        let (options, loads, stopped) = (options.clone(), AtomicU64::new(0), AtomicBool::new(false));
        let owner = Box::new(owner);
        Ok(Arc::new(Database { db, cache, options, families, incoming, loads, stopped, owner }))
    }

    /// The rows of that name, none where there were none before.
    pub fn family(self: &Arc<Self>, name: &str) -> Result<Family> {
        let mut families = self.families.lock();
        let current = match families.get(name) {
            Some(current) => Arc::clone(current),
            None => {
                self.create(name)?;
                let current = Arc::new(Current::new(name.to_owned()));
                families.insert(name.to_owned(), Arc::clone(&current));
                current
            }
        };
        Ok(Family::new(Arc::clone(self), current))
    }

    fn create(&self, name: &str) -> Result<()> {
        self.db.create_cf(name, &family_options(&self.options, &self.cache)).map_err(engine)
    }

    fn handle(&self, name: &str) -> Result<Arc<BoundColumnFamily<'_>>> {
        let gone = || Error::Engine(format!("column family {name} is gone"));
        self.db.cf_handle(name).ok_or_else(gone)
    }

    fn write(&self, batch: &WriteBatch, stall: Stall) -> Result<()> {
        self.resume()?;
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        options.set_no_slowdown(stall == Stall::Refuse);
        self.db.write_opt(batch, &options).map_err(|error| self.note(error))
    }

    /// Makes a new column family of files, whole and durable when this returns; after an error there is none.
    fn create_filled(&self, name: &str, files: &[PathBuf]) -> Result<()> {
        self.resume()?;
        self.create(name)?;
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let filled = self.db.ingest_external_file_cf_opts(&self.handle(name)?, &options, files.to_vec());
        filled.map_err(|error| {
            self.drop_family(name);
            self.note(error)
        })
    }

    /// Gives up a column family that nobody will look up again. Who reads it still does so until it is done.
    fn drop_family(&self, name: &str) {
        if let Err(error) = self.db.drop_cf(name) {
            tracing::warn!(name, %error, "replaced rows stay on disk until the next start");
        }
    }

    /// After a failed flush RocksDB refuses writes until it is resumed, which fails while the cause lasts.
    fn resume(&self) -> Result<()> {
        if self.stopped.load(Ordering::Acquire) {
            self.db.resume().map_err(engine)?;
            self.stopped.store(false, Ordering::Release);
        }
        Ok(())
    }

    fn note(&self, error: rocksdb::Error) -> Error {
        let error = engine(error);
        if !matches!(error, Error::Busy(_)) {
            self.stopped.store(true, Ordering::Release);
        }
        error
    }
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
