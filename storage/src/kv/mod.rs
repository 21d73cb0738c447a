//! The narrow key-value engine under a partition: ordered rows, atomic batches, snapshots, and a flush that says what
//! survives a crash. Two implementations run one conformance suite: RocksDB, and an ordered map for simulation.

#[cfg(test)]
mod conformance;
mod memory;
pub mod out_of_memory;
mod rocks;

pub use memory::Memory;
pub use rocks::Database;

use crate::error::{Error, Result};
use bytes::Bytes;
use std::collections::BTreeMap;

/// A batch: `None` deletes. Ordered, so that every replica writes the same bytes in the same order.
pub type Rows = BTreeMap<Vec<u8>, Option<Bytes>>;

/// A half-open range of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub lower: Vec<u8>,
    /// Exclusive.
    pub upper: Vec<u8>,
}

impl Range {
    /// All keys that start with `prefix`, which must not be all `0xff` (a key starts with a tag, and no tag is `0xff`).
    pub fn prefix(prefix: Vec<u8>) -> Self {
        Range { upper: successor(&prefix), lower: prefix }
    }

    /// The same range without the keys from `upper` on.
    pub fn before(mut self, upper: Vec<u8>) -> Self {
        self.upper = upper.min(self.upper);
        self
    }

    /// The same range without the keys before `lower`.
    pub fn from(mut self, lower: Vec<u8>) -> Self {
        self.lower = lower.max(self.lower);
        self
    }

    /// The same range without `last` and the keys before it; all of it where `last` is empty.
    pub fn behind(self, last: &[u8]) -> Self {
        match last.is_empty() {
            true => self,
            false => self.from([last, &[0]].concat()),
        }
    }
}

/// The smallest key greater than every key that starts with `prefix`.
pub fn successor(prefix: &[u8]) -> Vec<u8> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff).expect("no key prefix is all 0xff");
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    next
}

/// The order of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// What a write does while the engine is behind with its own disk writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Blocks until the engine caught up.
    Wait,
    /// Fails with [`crate::Error::Busy`].
    Refuse,
}

/// One pass over a range, on a consistent view of the moment it was opened. Starts before the first row.
pub trait Cursor: Send {
    /// Moves to the next row; false at the end, where key and value must not be asked for.
    fn advance(&mut self) -> Result<bool>;
    /// The current row's key.
    fn key(&self) -> &[u8];
    /// The current row's value.
    fn value(&self) -> &[u8];
}

/// Reading. Never blocks writers and is not blocked by them.
pub trait Read: Send + Sync {
    /// Shows the value to `see` without copying it, where there is one; returns whether there is.
    fn visit(&self, key: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<bool>;

    /// Scans a range.
    fn scan(&self, range: &Range, direction: Direction) -> Result<Box<dyn Cursor + '_>>;

    /// All rows in ascending order, for who reads each of them once: what others read again and again stays at hand.
    fn sweep(&self) -> Result<Box<dyn Cursor + '_>> {
        // A key starts with a tag, and no tag is 0xff.
        self.scan(&Range { lower: vec![], upper: vec![0xff] }, Direction::Ascending)
    }

    /// A copy of the value.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let mut copy = None;
        self.visit(key, &mut |value| copy = Some(Bytes::copy_from_slice(value)))?;
        Ok(copy)
    }
}

/// Rows that are to take the place of all there are. Dropped before they did, it leaves everything as it was.
pub trait Loader: Send {
    /// Adds a row. An error for a key that is not greater than the one before.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()>;

    /// All rows were put: what of them is still to be written is, so that nothing large is left to [`Loader::replace`].
    fn end(&mut self) -> Result<()>;

    /// Replaces all rows of the engine by those that were put, of which there must be some. They survive a crash when this
    /// returns; a crash before leaves the old ones, and none ever leaves some of both. Views opened before keep the old ones.
    /// After an error the old ones stand. What is written meanwhile is lost or not: who writes waits.
    fn replace(self: Box<Self>) -> Result<()>;
}

fn ascending(last_key: &[u8], key: &[u8]) -> Result<()> {
    if key > last_key { Ok(()) } else { Err(snapshot_error("its rows are not in ascending order")) }
}

fn loaded(any: bool) -> Result<()> {
    if any { Ok(()) } else { Err(snapshot_error("it has no rows")) }
}

fn snapshot_error(reason: &'static str) -> Error {
    Error::Corrupt { table: "snapshot", reason }
}

/// Who has the folder of a database.
pub trait Owner: Send + Sync {
    /// Called before rows are replaced. Programs that do not know of that would not find them: from now on they have to
    /// be kept from the folder.
    fn before_replacing(&self) -> Result<()>;
}

#[cfg(test)]
impl Owner for () {
    fn before_replacing(&self) -> Result<()> {
        Ok(())
    }
}

/// An engine for one partition.
pub trait Engine: Read {
    /// A frozen view.
    fn snapshot(&self) -> Result<Box<dyn Read + '_>>;

    /// Writes all rows or none. They survive a crash only after a flush.
    fn write(&self, rows: &Rows, stall: Stall) -> Result<()>;

    /// Begins to load rows that take the place of all there are.
    fn loader(&self) -> Result<Box<dyn Loader>>;

    /// Drops all rows; a crash leaves all of them or, once this returned, none. Views opened before keep them. After an error
    /// they may be gone already, but not for the next start: it is to be called again. What is written meanwhile is lost.
    fn clear(&self) -> Result<()>;

    /// Makes everything written so far survive a crash; returns when it does.
    fn flush(&self) -> Result<()>;

    /// The value a crash at this moment would leave. Flushes happen in the order of writes, so a row that is written
    /// in every batch proves which batches are safe.
    fn durable(&self, key: &[u8]) -> Result<Option<Bytes>>;
}
