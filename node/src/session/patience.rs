//! What a request has while nobody leads.

use super::Session;
use proto::{Code, Error};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A request waits so long for a leader: longer than an election takes.
const LEADER: Duration = Duration::from_secs(10);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(25);

/// What a request has while nobody leads: it is tried again as long as it is certain that nothing was done.
pub struct Patience {
    until: Instant,
}

impl Patience {
    /// For what begins now.
    pub fn begin() -> Patience {
        Patience { until: Instant::now() + LEADER }
    }

    /// The same for a part of a request; where the node is alone, nobody else can take the lead, and there is none.
    pub fn of(session: Session<'_>) -> Patience {
        let patience = Patience::begin();
        match session.engine.cluster.is_alone() {
            true => Patience { until: Instant::now() },
            false => patience,
        }
    }

    /// The answer, where it is one; `None`, after a while, where it should be asked again.
    pub async fn with<A>(&self, answer: Result<A, Error>) -> Option<Result<A, Error>> {
        match answer {
            Err(error) if error.code == Code::Unavailable && Instant::now() < self.until => {
                sleep(AGAIN).await;
                None
            }
            other => Some(other),
        }
    }
}
