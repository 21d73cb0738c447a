//! Tables and the deterministic partition state machine. Knows keys, versions and bytes; knows no FHIR.
//!
//! A [`Store`] is one data folder; a [`Partition`] is one slice of the key space in it. [`Partition::apply`] is the
//! only way to change a partition: it takes committed log entries in order, writes one batch that holds rows, dedup
//! and applied index, and returns what became of each entry. Everything else reads. See `README.md` for the tables.

#![warn(missing_docs)]

pub mod log;

mod apply;
mod entry;
mod error;
mod key;
mod kv;
mod locks;
mod options;
mod partition;
mod shortage;
mod store;
mod table;
mod token;
mod version;

pub use apply::{ABORT_RETENTION_MS, check};
pub use entry::{Applied, Change, ChangeKind, Entry, EntryPayload};
pub use error::{Error, Result};
pub use options::Options;
pub use partition::{Feed, Histories, Import, IndexRows, Listed, Partition, Places, Tally, Versions};
pub use shortage::Shortage;
pub use store::{Disk, Store};
pub use token::Token;
pub use version::{
    Answered, AppliedState, Decided, FeedPosition, HistoryPlace, IndexRow, Lock, Method, Origin, Prepared,
    Version,
};
