//! What can go wrong in this crate.

use std::path::PathBuf;

/// An error of the storage layer. After an error of [`crate::Partition::apply`] nothing of the slice was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the data folder.
    #[error("the data folder {} is used by another process", dir.display())]
    InUse { dir: PathBuf },
    /// The folder was written by a newer program.
    #[error("the data folder {} has format {found}, this program reads up to {supported}: use a newer version", dir.display())]
    NewerFormat { dir: PathBuf, found: u32, supported: u32 },
    /// The disk is full. Reads go on; writes succeed again once there is space.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The file system failed.
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
    /// The key-value engine failed.
    #[error("storage engine: {0}")]
    Engine(String),
    /// A stored row cannot be read.
    #[error("corrupt {table} row: {reason}")]
    Corrupt { table: &'static str, reason: &'static str },
    /// A log entry was handed over again, or out of order.
    #[error("log entry {index} after applied index {applied}")]
    OutOfOrder { index: u64, applied: u64 },
    /// A command that no correct leader proposes.
    #[error("malformed command: {0}")]
    Malformed(String),
}

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        let context = context.into();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Full(context),
            _ => Error::Io { context, source },
        }
    }

    /// Whether the cause is a full disk.
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Full(_))
    }
}
