//! Something durable is missing.

use std::io;
use std::path::{Path, PathBuf};

/// A part of the log that was durable cannot be read any more. Nothing was changed when this is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the log is damaged: {} at byte {offset}: {what}. What followed was acknowledged, so nothing was cut off. Check \
     the disk; then put an undamaged copy of the file (or of the whole data folder, from a backup) in its place, or \
     move this data folder away and let the node be filled again by the others of its cluster",
    path.display()
)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where in it the first byte is that cannot be trusted.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
}

impl Damage {
    /// The damage behind an error of the log, if that is the cause.
    pub fn of(error: &io::Error) -> Option<&Damage> {
        error.get_ref().and_then(|cause| cause.downcast_ref())
    }
}

/// `InvalidData` with a [`Damage`].
pub(super) fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> io::Error {
    let damage = Damage { path: path.to_owned(), offset, what: what.into() };
    io::Error::new(io::ErrorKind::InvalidData, damage)
}
