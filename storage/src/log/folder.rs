//! The file operations of the log, narrow enough to be replaced: tests lose what was not synced, fail a sync, or run
//! out of files. On the real disk it costs one indirect call beside each system call.

use std::fs::{File as StdFile, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One open file. All methods may be called from any thread.
#[allow(clippy::len_without_is_empty, reason = "nobody asks")]
pub trait File: Send + Sync + 'static {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset` on.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`. A crash may lose any part of it until [`File::sync_data`] has returned.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes everything written so far survive a power cut, with the file's length. After an error nobody knows which
    /// part does, and calling it again proves nothing: what was written must be written again first.
    fn sync_data(&self) -> io::Result<()>;
}

/// A folder that belongs to one log. File names have no separators.
pub trait Folder: Send + Sync + 'static {
    /// For messages.
    fn path(&self) -> &Path;

    /// The names of its files.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// An empty file, in place of one that has the name. The one operation that needs a new file descriptor later
    /// than at the start of the log.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Gives a file another name, in place of one that has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names given and removed so far survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of the real disk, locked while the value lives.
pub struct DiskFolder {
    path: PathBuf,
    /// The folder itself, kept open so that a sync needs no descriptor.
    folder: StdFile,
    _lock: StdFile,
}

impl DiskFolder {
    /// Opens the folder; creates it where it does not exist, durably. `WouldBlock`: another process has it.
    pub fn open(path: &Path) -> io::Result<DiskFolder> {
        create(path)?;
        let lock = StdFile::create(path.join("LOCK"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "the log is used by another process")
            }
            TryLockError::Error(error) => error,
        })?;
        Ok(DiskFolder { path: path.to_owned(), folder: StdFile::open(path)?, _lock: lock })
    }
}

/// Creates the folder and what is missing above it, each durable in the one above.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create(above)?;
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => StdFile::open(above)?.sync_all(),
    }
}

impl Folder for DiskFolder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.path)?;
        // A name that is no text is none of ours.
        entries
            .filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose())
            .collect()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(self.path.join(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true);
        Ok(Arc::new(options.open(self.path.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        self.folder.sync_all()
    }
}

impl File for StdFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        StdFile::sync_data(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;

    /// A file that cannot be synced: the system says so (`EINVAL`) exactly when it is asked.
    fn pipe() -> StdFile {
        StdFile::from(OwnedFd::from(io::pipe().unwrap().1))
    }

    #[test]
    fn a_sync_reaches_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = DiskFolder::open(dir.path()).unwrap();
        folder.sync().unwrap();
        folder.folder = pipe();
        assert_eq!(folder.sync().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        let file: Arc<dyn File> = Arc::new(pipe());
        assert_eq!(file.sync_data().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn missing_folders_are_made_and_a_second_owner_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/log");
        let folder = DiskFolder::open(&path).unwrap();
        folder.create("x").unwrap().write_all_at(b"abc", 1).unwrap();
        folder.rename("x", "y").unwrap();
        assert_eq!(folder.open("y").unwrap().len().unwrap(), 4);
        let mut names = folder.list().unwrap();
        names.sort();
        assert_eq!(names, ["LOCK", "y"]);
        let second = DiskFolder::open(&path).err().unwrap();
        assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
    }
}
