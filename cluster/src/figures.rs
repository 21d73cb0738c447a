//! What an operator wants to know of the groups and their log, as of now.

use crate::cluster::Cluster;
use crate::group::Group;
use proto::PartitionId;
use storage::log::{Health, Stats};

/// What one partition's group is to this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupState {
    /// Leads, with everything of earlier terms applied.
    Leader,
    /// Follows a leader.
    Follower,
    /// Knows no leader, or is one that is not ready yet.
    Leaderless,
    /// Takes no part until the process starts again.
    Failed,
}

impl GroupState {
    /// All states, each with its name.
    pub const ALL: [(GroupState, &str); 4] = [
        (GroupState::Leader, "leader"),
        (GroupState::Follower, "follower"),
        (GroupState::Leaderless, "leaderless"),
        (GroupState::Failed, "failed"),
    ];
}

/// How far one partition is: numbers of entries since its log began, each at most the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// In the log of this node.
    pub appended: u64,
    /// Known to be held by a majority.
    pub committed: u64,
    /// In the tables and visible.
    pub applied: u64,
    /// In the tables on the disk; the log is needed from here on.
    pub durable: u64,
}

/// One partition.
#[derive(Clone, Copy, Debug)]
pub struct GroupFigures {
    /// Which one.
    pub id: PartitionId,
    /// What its group is to this node.
    pub state: GroupState,
    /// How far it is.
    pub progress: Progress,
    /// Of the group's entries that are not purged.
    pub log_bytes: u64,
}

/// The disk that log and tables are on.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFigures {
    /// All of it.
    pub size_bytes: u64,
    /// That an ordinary process may still write.
    pub free_bytes: u64,
    /// Writes are refused below this.
    pub reserve_bytes: u64,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Figures {
    /// By partition.
    pub groups: Vec<GroupFigures>,
    /// What the log counts.
    pub log: Stats,
    /// Whether it takes writes.
    pub log_health: Health,
    /// `None` where the system does not tell.
    pub disk: Option<DiskFigures>,
}

impl Cluster {
    /// Takes the figures. Asks the file system and, for each partition, its tables: keep it off the runtime's workers.
    pub fn figures(&self) -> Figures {
        let space = self.folder().space().ok();
        Figures {
            groups: self.groups().iter().map(|group| self.of_group(group)).collect(),
            log: self.log().stats(),
            log_health: self.log().health(),
            disk: space.map(|space| DiskFigures {
                size_bytes: space.size_bytes,
                free_bytes: space.free_bytes,
                reserve_bytes: self.options().disk_reserve_bytes,
            }),
        }
    }

    fn of_group(&self, group: &Group) -> GroupFigures {
        let state = match group.failure() {
            Some(_) => GroupState::Failed,
            None if group.is_leader() => GroupState::Leader,
            None if group.raft.follows() => GroupState::Follower,
            None => GroupState::Leaderless,
        };
        let (appended, committed) = group.raft.appended();
        let partition = group.partition();
        let progress = Progress {
            appended,
            committed,
            applied: partition.applied().index,
            // What cannot be read is not known to be on the disk.
            durable: partition.durable_index().unwrap_or_default(),
        };
        let log_bytes = self.kept.stored_bytes(u32::from(group.id().0));
        GroupFigures { id: group.id(), state, progress, log_bytes }
    }
}
