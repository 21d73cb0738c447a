//! What an operator may set.

use std::path::PathBuf;
use std::time::Duration;

/// How a leader proves, before others rely on what it says, that it still is the only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// By its lease, which the last answers of a majority prolonged: no message, but the clocks of all nodes must run equally fast.
    #[default]
    Lease,
    /// By a question to a majority (Raft's ReadIndex): a round trip for each read, and nothing rests on clocks.
    Quorum,
}

/// The cluster part of a node's configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// This node; never 0, never used again after the node was removed.
    pub node_id: u64,
    /// Where other nodes reach this one; empty on a single node.
    pub address: String,
    /// Partitions of a new cluster, 1 to 256. Must be the same at every later start. 16: see `ENGINE.md` §1.
    pub partitions: u16,
    /// How errors of [`Parts::folder`](crate::Parts::folder) name it: where the meta group keeps its state.
    pub dir: PathBuf,
    /// Proposals not yet answered, all groups together; more are rejected as overloaded.
    pub proposals_max: usize,
    /// Appends that wait for the log's thread, all groups together; beyond it a group waits, without blocking a
    /// thread of the runtime. Above `proposals_max`, so that it is met by nobody but followers.
    pub log_queue_max: usize,
    /// Their encoded bytes. One proposal alone may be larger.
    pub proposal_bytes_max: usize,
    /// Heartbeats. A leader's lease is six of them; when it has run out, followers wait three to six more until they elect.
    pub heartbeat: Duration,
    /// How this node proves that it leads.
    pub proof: Proof,
    /// A partition whose log is longer is flushed, so that it can be purged. Bounds a group's replay.
    pub group_log_bytes: u64,
    /// The log of all groups: beyond it the groups that keep its oldest part are flushed.
    pub log_bytes: u64,
    /// Proposals are rejected while the disk has less free space: room to flush, compact and purge.
    pub disk_reserve_bytes: u64,
    /// How often log sizes and free space are looked at.
    pub maintenance: Duration,
    /// For so long rows of a replica that went elsewhere stay on the disk: longer than any request takes, which may read them.
    pub left_replicas_kept: Duration,
    /// A piece of a snapshot on its way. The sender keeps some until the receiver has put them, and a break costs those.
    pub snapshot_piece_bytes: usize,
    /// Until every group that this node decides alone must have applied its log.
    pub start_timeout: Duration,
    /// Until proposals in flight must have ended at shutdown.
    pub shutdown_timeout: Duration,
}

impl Options {
    /// For so long after it was heard of, no other leader is elected.
    pub(crate) fn lease(&self) -> Duration {
        self.heartbeat * 6
    }

    /// The defaults for a node with its meta state in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Options {
            node_id: 1,
            address: String::new(),
            partitions: 16,
            dir: dir.into(),
            proposals_max: 16_384,
            log_queue_max: 32_768,
            proposal_bytes_max: 256 << 20,
            heartbeat: Duration::from_millis(250),
            proof: Proof::default(),
            group_log_bytes: 32 << 20,
            log_bytes: 512 << 20,
            disk_reserve_bytes: 256 << 20,
            maintenance: Duration::from_secs(1),
            left_replicas_kept: Duration::from_secs(120),
            snapshot_piece_bytes: 1 << 20,
            start_timeout: Duration::from_secs(300),
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}
