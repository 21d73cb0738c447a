//! What the cluster keeps beside log and tables: one small file, and the space it watches.

use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Space on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// All of it.
    pub size_bytes: u64,
    /// That an ordinary process may still write.
    pub free_bytes: u64,
}

/// The folder of a node's cluster state. Its methods may block on IO.
pub trait Folder: Send + Sync + 'static {
    /// The meta group's file; `None` where there is none.
    fn read(&self) -> io::Result<Option<Vec<u8>>>;

    /// Replaces the file as a whole: a crash leaves the old one or the new one. Durable when this returns.
    fn replace(&self, bytes: &[u8]) -> io::Result<()>;

    /// Of the disk it is on.
    fn space(&self) -> io::Result<DiskSpace>;
}

/// A folder of the file system.
pub struct DiskFolder {
    dir: PathBuf,
}

impl DiskFolder {
    /// The file in the folder.
    pub(crate) const FILE: &str = "meta";

    /// Creates the folder where it is missing.
    pub fn open(dir: &Path) -> Result<Self, crate::Error> {
        let failed = |source| crate::Error::Io { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(failed)?;
        Ok(DiskFolder { dir: dir.to_owned() })
    }
}

impl Folder for DiskFolder {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.dir.join(Self::FILE)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(Self::FILE);
        let making = path.with_extension("tmp");
        let mut out = File::create(&making)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        std::fs::rename(&making, &path)?;
        File::open(&self.dir)?.sync_all()
    }

    fn space(&self) -> io::Result<DiskSpace> {
        let stat = rustix::fs::statvfs(&self.dir)?;
        Ok(DiskSpace {
            size_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        })
    }
}

/// A folder in memory, for simulation. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryFolder {
    file: Arc<Mutex<Option<Vec<u8>>>>,
}

impl MemoryFolder {
    /// What a crash leaves, which is all that was replaced. It shares nothing with this one any more: what a node of
    /// before writes goes nowhere.
    pub fn after_crash(&self) -> Self {
        MemoryFolder { file: Arc::new(Mutex::new(self.file.lock().clone())) }
    }
}

impl Folder for MemoryFolder {
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.file.lock().clone())
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        *self.file.lock() = Some(bytes.to_vec());
        Ok(())
    }

    /// Never full.
    fn space(&self) -> io::Result<DiskSpace> {
        Ok(DiskSpace { size_bytes: u64::MAX, free_bytes: u64::MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps_one_file(folder: &dyn Folder) {
        assert_eq!(folder.read().unwrap(), None);
        folder.replace(b"one").unwrap();
        folder.replace(b"two").unwrap();
        assert_eq!(folder.read().unwrap().as_deref(), Some(&b"two"[..]));
        let space = folder.space().unwrap();
        assert!(0 < space.free_bytes && space.free_bytes <= space.size_bytes);
    }

    #[test]
    fn both_keep_one_file() {
        let dir = tempfile::tempdir().unwrap();
        keeps_one_file(&DiskFolder::open(&dir.path().join("new")).unwrap());
        keeps_one_file(&MemoryFolder::default());
    }

    #[test]
    fn what_is_written_after_a_crash_goes_nowhere() {
        let before = MemoryFolder::default();
        before.replace(b"one").unwrap();
        let after = before.after_crash();
        before.replace(b"two").unwrap();
        assert_eq!(after.read().unwrap().as_deref(), Some(&b"one"[..]));
    }
}
