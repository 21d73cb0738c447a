//! What can go wrong in this crate.

use std::path::PathBuf;

/// Why the node's groups could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option outside its limits.
    #[error("option {name}: {reason}")]
    Option { name: &'static str, reason: String },
    /// The store was created with another number of partitions.
    #[error(
        "the data folder was created with {stored} partitions, the configuration says {configured}: the number cannot change"
    )]
    Partitions { stored: u16, configured: u16 },
    /// The store belongs to another node.
    #[error("the data folder belongs to node {stored}, the configuration says {configured}")]
    Node { stored: u64, configured: u64 },
    /// The data was written by a cluster with features this program does not know.
    #[error("the cluster has feature level {stored}, this program knows {supported}: use a newer version")]
    NewerFeatures { stored: u32, supported: u32 },
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The stored meta state cannot be read.
    #[error("{}: {reason}", path.display())]
    Corrupt { path: PathBuf, reason: String },
    /// The Raft library stopped or refused.
    #[error("group {group}: {reason}")]
    Raft { group: u32, reason: String },
    /// A group had no leader, or had not applied its log, in time.
    #[error("group {group} was not ready within {seconds} s")]
    NotReady { group: u32, seconds: u64 },
}

/// Why a proposal was not answered with an outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Another node leads the group, or none does. Not applied.
    #[error("this node does not lead the partition")]
    NotLeader { leader: Option<u64> },
    /// Too many proposals in flight. Not applied.
    #[error("too many writes in flight")]
    Overloaded,
    /// The node stops. Not applied.
    #[error("the node is shutting down")]
    Shutdown,
    /// The disk is full, or its reserve is reached. Not applied.
    #[error("the disk is full")]
    StorageFull,
    /// The group stopped after an error of log or tables; the node must be restarted. Not applied.
    #[error("the partition is unavailable: {0}")]
    Unavailable(String),
    /// Leadership or the group was lost while the proposal was in flight: it may have been or may yet be applied.
    #[error("the outcome of the write is not known: {0}")]
    Unknown(String),
}

impl ProposeError {
    /// Whether the proposal was certainly not applied and never will be.
    pub fn is_rejected(&self) -> bool {
        !matches!(self, ProposeError::Unknown(_))
    }
}

/// Why a linearizable read is not possible here now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another node leads the group, or none does.
    #[error("this node does not lead the partition")]
    NotLeader { leader: Option<u64> },
    /// The leader cannot prove that it still leads.
    #[error("no quorum confirms the leadership")]
    NoQuorum,
    /// The group stopped.
    #[error("the partition is unavailable: {0}")]
    Unavailable(String),
}
