//! A log or partition that takes no more writes until the process starts again.

use super::{Node, unavailable};
use cluster::Group;
use proto::{Code, Error, PartitionId};

impl Node {
    /// Why the log or a partition has failed for good, if one has.
    pub fn failure(&self) -> Option<String> {
        self.inner.cluster.failure().map(|failure| failure.to_string())
    }

    /// Returns when [`Node::failure`] has something to say.
    pub async fn failed(&self) -> String {
        self.inner.cluster.failed().await.to_string()
    }
}

/// Why a group does not serve here: it has no leader now, or it will never have one again.
pub(super) fn no_leader(group: &Group) -> Error {
    match group.failure() {
        Some(reason) => failed(group.id(), &reason),
        None => unavailable(group.id()),
    }
}

/// Sending the request again does not help.
fn failed(partition: PartitionId, reason: &str) -> Error {
    Error::new(
        Code::Failed,
        format!("partition {partition} has failed until the node is started again: {reason}"),
    )
}
