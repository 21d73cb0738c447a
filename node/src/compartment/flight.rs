//! One proposal on its way: what it came to, for whoever waits, and for what was decided on it.

use cluster::{Outcome, Witness};
use std::sync::OnceLock;
use storage::Applied;
use tokio::sync::Notify;

/// Ends once, with the outcome, whether or not anybody waits.
#[derive(Debug, Default)]
pub struct Flight {
    outcome: OnceLock<Outcome>,
    ended: Notify,
}

impl Flight {
    /// Waits until the command is committed and applied (or not).
    pub async fn landed(&self) -> &Outcome {
        loop {
            let ended = self.ended.notified();
            if let Some(outcome) = self.outcome.get() {
                return outcome;
            }
            ended.await;
        }
    }

    /// Whether it ended, and if so whether what it writes came to be.
    pub fn is_applied(&self) -> Option<bool> {
        self.outcome.get().map(is_applied)
    }

    /// Waits; whether what it writes came to be.
    pub async fn stands(&self) -> bool {
        is_applied(self.landed().await)
    }
}

fn is_applied(outcome: &Outcome) -> bool {
    matches!(outcome, Ok(Applied::Done | Applied::Decided { commit: true }))
}

impl Witness for Flight {
    fn ended(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
        self.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_before_and_who_comes_after_learn_the_same() {
        let flight = Flight::default();
        let mut early = Box::pin(flight.stands());
        assert!(futures::poll!(&mut early).is_pending() && flight.is_applied().is_none());
        flight.ended(Ok(Applied::Done));
        assert!(early.await && flight.stands().await && flight.is_applied() == Some(true));
    }

    #[tokio::test]
    async fn what_was_refused_or_is_unknown_does_not_stand() {
        for outcome in [Ok(Applied::Decided { commit: false }), Err(cluster::ProposeError::Overloaded)] {
            let flight = Flight::default();
            flight.ended(outcome);
            assert!(!flight.stands().await);
        }
    }
}
