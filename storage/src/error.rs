//! What can go wrong in this crate.

use crate::Shortage;
use std::path::PathBuf;

/// An error of the storage layer. After an error of [`crate::Partition::apply`] nothing of the slice was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the data folder.
    #[error("the data folder {} is used by another process", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder was written by a newer program.
    #[error("the data folder {} has format {found}, this program reads up to {supported}: use a newer version", dir.display())]
    NewerFormat {
        /// The folder.
        dir: PathBuf,
        /// Its format.
        found: u32,
        /// The newest one this program reads.
        supported: u32,
    },
    /// The system ran out of something. Reads go on as far as they need none of it; writes succeed again once there
    /// is more.
    #[error("{what} ({context})")]
    Short {
        /// Of what.
        what: Shortage,
        /// While doing what.
        context: String,
    },
    /// The engine would have to wait for its own disk writes. Nothing was written; it succeeds again in a moment.
    #[error("the tables are busy: {0}")]
    Busy(String),
    /// The file system failed.
    #[error("{context}: {source}")]
    Io {
        /// While doing what.
        context: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key-value engine failed.
    #[error("storage engine: {0}")]
    Engine(String),
    /// A stored row cannot be read.
    #[error("corrupt {table} row: {reason}")]
    Corrupt {
        /// Of which table.
        table: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A log entry was handed over again, or out of order.
    #[error("log entry {index} after applied index {applied}")]
    OutOfOrder {
        /// Of the entry.
        index: u64,
        /// Of the last one that was applied.
        applied: u64,
    },
    /// A command that no correct leader proposes.
    #[error("malformed command: {0}")]
    Malformed(String),
}

/// The result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        let context = context.into();
        match Shortage::of(&source) {
            Some(what) => Error::Short { what, context },
            None => Error::Io { context, source },
        }
    }

    /// What the system ran out of, where that is the cause.
    pub fn shortage(&self) -> Option<Shortage> {
        match self {
            Error::Short { what, .. } => Some(*what),
            _ => None,
        }
    }
}
