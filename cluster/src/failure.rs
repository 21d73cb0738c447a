//! What failed for good.

use proto::PartitionId;
use std::fmt;
use tokio::sync::watch;

/// A part of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The log, and with it all groups.
    Log,
    /// The meta group.
    Meta,
    /// One partition's group.
    Partition(PartitionId),
}

/// A part of the node that takes no writes until the process is started again: after an IO error nobody knows what
/// is on the disk, so nothing more is promised. A restart reads what is there and replays the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} failed for good: {reason}")]
pub struct Failure {
    /// What failed first.
    pub part: Part,
    /// Why, in words.
    pub reason: String,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Log => f.write_str("the log"),
            Part::Meta => f.write_str("the meta group"),
            Part::Partition(id) => write!(f, "the group of partition {id}"),
        }
    }
}

/// The first failure of the node, for all who wait for one. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Failures(watch::Sender<Option<Failure>>);

impl Failures {
    pub(crate) fn new() -> Self {
        Failures(watch::Sender::new(None))
    }

    /// Keeps the first one.
    pub(crate) fn report(&self, part: Part, reason: &str) {
        self.0.send_if_modified(|first| {
            let is_first = first.is_none();
            if is_first {
                let failure = Failure { part, reason: reason.to_owned() };
                tracing::error!(%failure, "writes are unavailable until the process is started again");
                *first = Some(failure);
            }
            is_first
        });
    }

    pub(crate) fn first(&self) -> Option<Failure> {
        self.0.borrow().clone()
    }

    /// Until there is one.
    pub(crate) async fn wait(self) -> Failure {
        let mut failures = self.0.subscribe();
        let found = failures.wait_for(Option::is_some).await;
        let failure = found.ok().and_then(|found| found.clone());
        match failure {
            Some(failure) => failure,
            // `self` holds the sender, so it cannot be gone.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_failure_is_told_to_all() {
        let failures = Failures::new();
        let waiting = tokio::spawn(failures.clone().wait());
        assert_eq!(failures.first(), None);
        failures.report(Part::Log, "fdatasync: EIO");
        failures.report(Part::Partition(PartitionId(1)), "the log failed");
        let failure = Failure { part: Part::Log, reason: "fdatasync: EIO".to_owned() };
        assert_eq!(waiting.await.unwrap(), failure);
        assert_eq!(failures.clone().wait().await, failure, "also who asks later");
        assert_eq!(failure.to_string(), "the log failed for good: fdatasync: EIO");
    }
}
