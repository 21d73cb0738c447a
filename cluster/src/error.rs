//! What can go wrong in this crate.

use std::path::PathBuf;
use storage::Shortage;

/// Why the node's groups could not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An option outside its limits.
    #[error("option {name}: {reason}")]
    Option {
        /// Of the option.
        name: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
    /// The store was created with another number of partitions.
    #[error(
        "the data folder was created with {stored} partitions, the configuration says {configured}: the number cannot change"
    )]
    Partitions {
        /// What the store has.
        stored: u16,
        /// What was asked for.
        configured: u16,
    },
    /// The store belongs to another node.
    #[error("the data folder belongs to node {stored}, the configuration says {configured}")]
    Node {
        /// Whose it is.
        stored: u64,
        /// Who asked.
        configured: u64,
    },
    /// A node with data of its own cannot join another cluster.
    #[error(
        "{} is of a cluster of its own: a node joins another one with an empty data folder, and its data is loaded there",
        path.display()
    )]
    Founder {
        /// The meta group's file.
        path: PathBuf,
    },
    /// A new node's address is another node's.
    #[error(
        "node {node} of the cluster is at {address}: a new node there would be taken for it; remove it first (`salamander cluster \
         remove {node}`), or give the new one another address"
    )]
    AddressTaken {
        /// The address.
        address: String,
        /// Whose it is.
        node: u64,
    },
    /// The data was written by a cluster with features this program does not know.
    #[error("the cluster has feature level {stored}, this program knows {supported}: use a newer version")]
    NewerFeatures {
        /// The cluster's level.
        stored: u32,
        /// This program's.
        supported: u32,
    },
    /// The tables could not be opened.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The stored meta state cannot be read.
    #[error("{}: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The tables hold what the log has never heard of.
    #[error(
        "the log of group {group} is missing: the tables are at entry {applied}, and the log is empty. It holds \
         acknowledged writes that the tables do not; put the folder `log` back that belongs to this data folder, or \
         restore both from one backup"
    )]
    LogLost {
        /// Of which group.
        group: u32,
        /// The last entry in its tables.
        applied: u64,
    },
    /// The Raft library stopped or refused.
    #[error("group {group}: {reason}")]
    Raft {
        /// Of which group; 0 is the meta group.
        group: u32,
        /// What it said.
        reason: String,
    },
    /// A group had no leader, or had not applied its log, in time.
    #[error("group {group} was not ready within {seconds} s")]
    NotReady {
        /// Which one; 0 is the meta group.
        group: u32,
        /// How long it was waited for.
        seconds: u64,
    },
}

/// Why a proposal was not answered with an outcome.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// Another node leads the group, or none does. Not applied.
    #[error("this node does not lead the partition")]
    NotLeader {
        /// The node that does, if it is known.
        leader: Option<u64>,
    },
    /// A command that could never be applied ([`storage::check`]): a defect of who made it. Not applied.
    #[error("a defect: {0}")]
    Malformed(String),
    /// Too many proposals in flight. Not applied.
    #[error("too many writes in flight")]
    Overloaded,
    /// The node stops. Not applied.
    #[error("the node is shutting down")]
    Shutdown,
    /// The system ran out of something (for the disk: its reserve is reached). Not applied; it passes.
    #[error("{0}")]
    Short(Shortage),
    /// Log or group failed for good ([`crate::Cluster::failed`]): the node must be restarted. Not applied.
    #[error("the partition is unavailable: {0}")]
    Unavailable(String),
    /// Leadership or the group was lost while the proposal was in flight: it may have been or may yet be applied.
    #[error("the outcome of the write is not known: {0}")]
    Unknown(String),
}

impl ProposeError {
    /// The group ended before it told.
    pub(crate) fn stopped() -> Self {
        ProposeError::Unknown("the group stopped".to_owned())
    }

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
    NotLeader {
        /// The node that does, if it is known.
        leader: Option<u64>,
    },
    /// The leader cannot prove that it still leads.
    #[error("no quorum confirms the leadership")]
    NoQuorum,
    /// The group stopped.
    #[error("the partition is unavailable: {0}")]
    Unavailable(String),
}
