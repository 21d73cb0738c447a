//! The node's Raft log: one writer for all groups. Knows groups, indexes and bytes; knows no Raft library.
//!
//! [`Wal`] is the durable one: segment files of 64 MiB, written through before they are used (so that `fdatasync`
//! has no metadata to write) and used again when every group has purged what is in them. An OS thread drains a
//! bounded queue, writes everything it finds as ONE checksummed frame, calls `fdatasync` ONCE, then the callbacks.
//! It never waits for more work: with one writer a batch is one append. [`MemoryLog`] is for simulation: a crash
//! loses what was not synced. Both run the suite in `conformance.rs`.
//!
//! # Folder
//!
//! | file | is |
//! |---|---|
//! | `LOCK` | held by the process that has the log open |
//! | `<id, 16 hex digits>.wal` | a segment; ids follow each other without gaps |
//! | `spare-<n>.wal` | a file ready to become the next segment |
//!
//! A segment is a 64-byte header (magic, id, salt, crc32c) and frames (`frame.rs`); a frame is a batch, valid or
//! not as a whole, and carries the segment's random salt, so what an earlier life of a recycled file left behind
//! (or a client put into a body) is never taken for a frame. Every segment starts with each group's vote and purge
//! point: older segments are never needed for them. Segments are freed oldest first.
//!
//! # What a crash leaves
//!
//! A frame that is not valid ends the log if nothing valid follows it: it was never synced, so never acknowledged.
//! If a valid frame follows, an acknowledged one was damaged, and [`Wal::open`] refuses with `InvalidData`.
//!
//! # Full disk
//!
//! Only making a segment needs space, and that happens before anything is written, so a full disk never tears
//! anything. [`WhenFull::Wait`] (for Raft, whose groups die of a log error) holds the callbacks back, reports
//! [`Health::Full`] and goes on by itself once there is space; [`WhenFull::Fail`] answers each append with
//! `StorageFull`. Any other IO error is final ([`Health::Failed`]): after a failed `fdatasync` nobody knows what is
//! on the disk.

#[cfg(test)]
mod conformance;
mod frame;
mod groups;
mod memory;
mod replay;
mod segment;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

pub use memory::MemoryLog;
pub use segment::{DiskSpace, Space};
pub use wal::{Options, Wal, WhenFull};

use bytes::Bytes;
use std::io;
use std::ops::Range;

/// Called exactly once, from the log's thread, when the operation is durable or has failed. Must not block.
pub type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

/// What the log knows of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The last vote that is durable.
    pub vote: Option<Bytes>,
    /// The last purged index with the caller's own description of that entry.
    pub purged: Option<(u64, Bytes)>,
    /// The last index that can be read; `None` where there is no entry.
    pub last: Option<u64>,
}

/// Whether the log takes writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    Good,
    /// The disk is full: appends wait or fail, reads go on.
    Full,
    /// An IO error after which the log takes no more writes until it is opened again.
    Failed(String),
}

/// Counters since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub fsyncs: u64,
    pub entries: u64,
    /// Written, frames and checkpoints included.
    pub bytes: u64,
    /// Spent in `fdatasync`.
    pub fsync_us: u64,
    /// Segment files that hold entries or votes now, in bytes.
    pub segment_bytes: u64,
}

/// A durable log for many groups. Calls for one group come from one caller at a time, in order; calls for
/// different groups are independent. Operations of one group become durable in call order.
pub trait LogStore: Send + Sync + 'static {
    /// Appends `entries` (consecutive indexes). An index that exists already is replaced together with all after
    /// it. Entries can be read when this returns; `done` fires when they are durable. A gap after the last entry is
    /// answered `InvalidInput`. Blocks while the queue is full.
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done);

    /// Replaces the group's vote.
    fn save_vote(&self, group: u32, vote: Bytes, done: Done);

    /// Drops all entries after `index`; all entries where it is `None`.
    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done);

    /// Drops all entries up to and including `index` and remembers `log_id`, the caller's description of that
    /// entry. Takes effect on reads at once and on the disk some time later.
    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes);

    /// The entries of `range` that exist, in order.
    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>>;

    /// See [`State`].
    fn state(&self, group: u32) -> State;

    /// Bytes of the group's entries that are not purged.
    fn group_bytes(&self, group: u32) -> u64;

    /// The groups whose entries keep the oldest segment from being freed.
    fn pinning(&self) -> Vec<u32>;

    /// See [`Health`]. Cheap.
    fn health(&self) -> Health;

    /// See [`Stats`]. Cheap.
    fn stats(&self) -> Stats;

    /// Ends the writer after what is queued; what is given to the log afterwards is answered with an error.
    fn close(&self);
}
