//! Rows on their way in: files beside the tables, which become a new column family in one step.

use super::generations::{self, Current};
use super::options::family_options;
use super::{Database, engine};
use crate::Options;
use crate::error::{Error, Result};
use crate::kv::{Loader, ascending, loaded};
use rocksdb::{Cache, SstFileWriter};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

/// How large a file grows. Tests want many.
const FILE_BYTES: u64 = if cfg!(test) { 64 << 10 } else { 64 << 20 };

/// What a file looks like, which no setting of a node changes: a writer wants it for as long as it lives.
static FILE: LazyLock<rocksdb::Options> = LazyLock::new(|| {
    let options = Options::default();
    family_options(&options, &Cache::new_lru_cache(options.block_cache_bytes))
});

/// Files in a folder of their own, which goes when this does.
pub struct Load {
    database: Arc<Database>,
    current: Arc<Current>,
    dir: PathBuf,
    /// The last one is written to while there is a writer.
    files: Vec<PathBuf>,
    writer: Option<SstFileWriter<'static>>,
    last_key: Vec<u8>,
}

impl Load {
    /// No rows yet.
    pub fn begin(database: Arc<Database>, current: Arc<Current>) -> Result<Self> {
        let number = database.loads.fetch_add(1, Ordering::Relaxed);
        let dir = database.incoming.join(number.to_string());
        fs::create_dir_all(&dir).map_err(|error| failed("create", &dir, error))?;
        Ok(Load { database, current, dir, files: vec![], writer: None, last_key: vec![] })
    }

    fn writer(&mut self) -> Result<&mut SstFileWriter<'static>> {
        if self.writer.is_none() {
            let path = self.dir.join(format!("{:06}.sst", self.files.len()));
            let mut writer = SstFileWriter::create(&FILE);
            writer.open(&path).map_err(engine)?;
            self.files.push(path);
            self.writer = Some(writer);
        }
        self.writer.as_mut().ok_or_else(|| Error::Engine("a file has no writer".to_owned()))
    }

    /// Writes the rest of the last file and syncs it.
    fn end_file(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(mut writer) => writer.finish().map_err(engine),
            None => Ok(()),
        }
    }
}

impl Loader for Load {
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        ascending(&self.last_key, key)?;
        let writer = self.writer()?;
        writer.put(key, value).map_err(engine)?;
        let is_large = writer.file_size() >= FILE_BYTES;
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        if is_large { self.end_file() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<()> {
        self.end_file()
    }

    fn replace(mut self: Box<Self>) -> Result<()> {
        loaded(!self.files.is_empty())?;
        self.end_file()?;
        let mut tried = self.current.replacing.lock();
        self.database.owner.before_replacing()?;
        let old = self.current.name();
        let new = generations::next(&self.database.db, &old, &mut tried);
        // Before this, a crash leaves the old rows; after it, the new ones.
        self.database.create_filled(&new, &self.files)?;
        self.current.set(new);
        self.database.drop_family(&old);
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.writer = None;
        if let Err(error) = remove(&self.dir) {
            tracing::warn!(%error, "files of a load stay on disk until the next start");
        }
    }
}

/// Removes a folder of files that are nobody's any more.
pub fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", dir, error)),
        _ => Ok(()),
    }
}

fn failed(what: &str, dir: &Path, error: std::io::Error) -> Error {
    Error::io(format!("cannot {what} {}", dir.display()), error)
}
