//! The data folder: who owns it, and what format it has.

use crate::error::{Error, Result};
use crate::kv::Owner;
use parking_lot::Mutex;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The format of a new folder: programs of before [`REPLACED`] read it too.
const FIRST: u32 = 1;
/// Rows of a partition were replaced as a whole. Where they are since, programs that know only [`FIRST`] see no rows.
const REPLACED: u32 = 2;
/// The newest format this program reads.
const NEWEST: u32 = REPLACED;
const FORMAT_PREFIX: &str = "salamander data ";

/// A folder that belongs to this process while the value lives.
pub struct Folder {
    dir: PathBuf,
    format: Mutex<u32>,
    _lock: File,
}

impl Folder {
    /// Creates the folder where it is missing, locks it and checks its format.
    pub fn open(dir: &Path) -> Result<Self> {
        let context = |what: &str| format!("{what} in the data folder {}", dir.display());
        fs::create_dir_all(dir)
            .map_err(|error| Error::io(format!("cannot create {}", dir.display()), error))?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("LOCK"));
        let lock = lock.map_err(|error| Error::io(context("cannot open LOCK"), error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { dir: dir.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(Error::io(context("cannot lock LOCK"), error)),
        }
        let format = Mutex::new(check_format(dir)?);
        Ok(Folder { dir: dir.to_owned(), format, _lock: lock })
    }
}

impl Owner for Folder {
    fn before_replacing(&self) -> Result<()> {
        let mut format = self.format.lock();
        if *format < REPLACED {
            write_format(&self.dir, REPLACED)?;
            *format = REPLACED;
        }
        Ok(())
    }
}

/// The folder's format; a new folder gets one.
fn check_format(dir: &Path) -> Result<u32> {
    let path = dir.join("FORMAT");
    let context = |what: &str| format!("{what} {}", path.display());
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return write_format(dir, FIRST).map(|()| FIRST);
        }
        Err(error) => return Err(Error::io(context("cannot read"), error)),
    };
    let number = text.trim().strip_prefix(FORMAT_PREFIX).and_then(|number| number.parse().ok());
    match number {
        Some(found) if found > NEWEST => {
            Err(Error::NewerFormat { dir: dir.to_owned(), found, supported: NEWEST })
        }
        Some(found) => Ok(found),
        None => Err(Error::Corrupt { table: "FORMAT", reason: "is not a salamander format file" }),
    }
}

/// Under another name first: a crash leaves the file of before or a whole new one.
fn write_format(dir: &Path, format: u32) -> Result<()> {
    let path = dir.join("FORMAT");
    let write = || {
        let draft = dir.join("FORMAT.new");
        let mut file = File::create(&draft)?;
        writeln!(file, "{FORMAT_PREFIX}{format}")?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|error| Error::io(format!("cannot write {}", path.display()), error))
}
