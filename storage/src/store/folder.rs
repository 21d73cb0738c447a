//! The data folder: who owns it, and what format it has.

use crate::error::{Error, Result};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::Path;

/// The newest format this program writes and reads.
const FORMAT: u32 = 1;
const FORMAT_PREFIX: &str = "salamander data ";

/// A folder that belongs to this process while the value lives.
pub struct Folder {
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
        check_format(dir)?;
        Ok(Folder { _lock: lock })
    }
}

fn check_format(dir: &Path) -> Result<()> {
    let path = dir.join("FORMAT");
    let context = |what: &str| format!("{what} {}", path.display());
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return write_format(dir).map_err(|error| Error::io(context("cannot write"), error));
        }
        Err(error) => return Err(Error::io(context("cannot read"), error)),
    };
    let number = text.trim().strip_prefix(FORMAT_PREFIX).and_then(|number| number.parse().ok());
    match number {
        Some(found) if found > FORMAT => {
            Err(Error::NewerFormat { dir: dir.to_owned(), found, supported: FORMAT })
        }
        Some(_) => Ok(()),
        None => Err(Error::Corrupt { table: "FORMAT", reason: "is not a salamander format file" }),
    }
}

/// Under another name first: a crash leaves no file or a whole one.
fn write_format(dir: &Path) -> std::io::Result<()> {
    let draft = dir.join("FORMAT.new");
    let mut file = File::create(&draft)?;
    writeln!(file, "{FORMAT_PREFIX}{FORMAT}")?;
    file.sync_all()?;
    fs::rename(&draft, dir.join("FORMAT"))?;
    File::open(dir)?.sync_all()
}
