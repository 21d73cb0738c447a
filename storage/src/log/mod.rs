//! The node's Raft log: one writer for all groups. Knows groups, indexes and bytes; knows no Raft library.
//!
//! [`Wal`] is the durable one: segment files of 64 MiB, written through before they are used (so that `fdatasync`
//! has no metadata to write) and used again when every group has purged what is in them. An OS thread drains a
//! queue, writes everything it finds as ONE checksummed frame, calls `fdatasync` ONCE, then the callbacks.
//! It never waits for more work: with one writer a batch is one append. [`MemoryLog`] is for simulation: a crash
//! loses what was not synced. Both run the suite in `conformance.rs`. All file operations go through [`Folder`].
//!
//! # Folder
//!
//! | file | is |
//! |---|---|
//! | `LOCK` | held by the process that has the log open |
//! | `format-2.wal` | empty: says that there is a log of this format, also where all segments are missing |
//! | `<id, 16 hex digits>.wal` | a segment; ids follow each other without gaps |
//! | `spare-….wal` | a file ready to become the next segment |
//! | `next.tmp` | the spare that is being made |
//!
//! A segment is a 64-byte header (`header.rs`) and frames (`frame.rs`); a frame is a batch, valid or not as a whole,
//! and carries the segment's random salt, so what an earlier life of a recycled file left behind (or a client put
//! into a body) is never taken for a frame. The first frame is a checkpoint: each group's vote and purge point (older
//! segments are never needed for them), and how far the entries go that older segments are needed for. Segments are
//! freed oldest first.
//!
//! Segments are a chain. A new one is made in this order, each step durable before the next: its header (with the end
//! and the checksum of the one before) and checkpoint; its name; the *seal* at the end of the one before, which names
//! it; its first frame with anything to lose. So a segment without a seal is the last one, whatever else is there.
//!
//! # What a crash leaves
//!
//! Only the last frame of the last segment can be torn: it was never synced, so never acknowledged, and is left out.
//! Before the writer sleeps it puts a *mark* behind the last durable frame, and a synced one when it is closed: with
//! it (or any intact frame) behind damage, the damage is to something durable. Then, and where a segment, its end or
//! its beginning is missing, [`Wal::open`] refuses with a [`Damage`] and changes nothing. What is seen of a log without
//! a mark may be in the page cache only, even after a failed sync of an earlier process: opening writes the last frame
//! again and syncs it before anybody reads it.
//!
//! # When something is lacking
//!
//! A full disk, no more descriptors or no memory ([`crate::Shortage`]) pass: [`WhenFull::Wait`] (for Raft, whose
//! groups die of a log error) holds the callbacks back, reports [`Health::Short`] and goes on by itself;
//! [`WhenFull::Fail`] answers each append with the error. Writing needs neither space nor descriptors: the next
//! segment is made, filled and opened before it is needed, by a thread that keeps a descriptor for that. Where a sync
//! itself fails so (file systems that allocate late), the whole frame is written again before it is synced again.
//!
//! Any other IO error is final ([`Health::Failed`]): after a failed `fdatasync` nobody knows what is on the disk.
//! Reads go on. A restart reads what is there.

mod damage;
mod folder;
mod frame;
mod groups;
mod header;
mod listing;
mod memory;
mod options;
mod replay;
mod segment;
mod segments;
mod shared;
mod spares;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

pub use damage::Damage;
pub use folder::{DiskFolder, File, Folder};
pub use memory::{MemoryDisk, MemoryLog};
pub use options::{Options, WhenFull};
pub use wal::Wal;

use crate::Shortage;
use bytes::Bytes;
use std::io;
use std::ops::Range;

/// Called exactly once, from the log's thread, when the operation is durable or has failed; never on a simulated disk that
/// crashed before. Must not block.
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
    /// It does.
    Good,
    /// The system ran out of something: appends wait or fail, reads go on. It passes.
    Short(Shortage),
    /// An IO error after which the log takes no more writes until it is opened again.
    Failed(String),
}

/// Counters since the log was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches that were made durable.
    pub fsyncs: u64,
    /// In them.
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
    /// answered `InvalidInput`. Never blocks: callers bound what they have in flight.
    fn append(&self, group: u32, entries: Vec<(u64, Bytes)>, done: Done);

    /// Replaces the group's vote.
    fn save_vote(&self, group: u32, vote: Bytes, done: Done);

    /// Drops all entries after `index`; all entries where it is `None`.
    fn truncate_after(&self, group: u32, index: Option<u64>, done: Done);

    /// Drops all entries up to and including `index` and remembers `log_id`, the caller's description of that
    /// entry. Takes effect on reads at once and on the disk some time later.
    fn purge_upto(&self, group: u32, index: u64, log_id: Bytes);

    /// Drops all entries of the group and its purge point, and replaces its vote: all of that or nothing. What is appended
    /// then may have any index. Until `done` fires, nothing else is asked about the group but to be read as it was.
    fn forget(&self, group: u32, vote: Bytes, done: Done);

    /// The entries of `range` that exist, in order.
    fn read(&self, group: u32, range: Range<u64>) -> io::Result<Vec<(u64, Bytes)>>;

    /// The same where no disk is needed for it; `None` where it is. Never blocks.
    fn recent(&self, group: u32, range: Range<u64>) -> Option<Vec<(u64, Bytes)>>;

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
