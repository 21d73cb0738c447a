//! What a request has while nobody leads.

use proto::{Code, Error};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A request waits so long for a leader: longer than an election takes.
const LEADER: Duration = Duration::from_secs(10);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(25);

/// What a request has while nobody leads: it is tried again as long as it is certain that nothing was done.
pub(super) struct Patience {
    until: Instant,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience { until: Instant::now() + LEADER }
    }

    /// The answer, where it is one; `None`, after a while, where it should be asked again.
    pub(super) async fn with<A>(&mut self, answer: Result<A, Error>) -> Option<Result<A, Error>> {
        match answer {
            Err(error) if error.code == Code::Unavailable && Instant::now() < self.until => {
                sleep(AGAIN).await;
                None
            }
            other => Some(other),
        }
    }
}
