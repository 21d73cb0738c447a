//! Retries within a deadline: exponential backoff with full jitter.

use crate::{Error, Result};
use std::{future::Future, time::Duration};
use tokio::time::Instant;

/// How often and how long a call is sent again.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// From the first attempt on; also the time limit of a single attempt. 0: one attempt, no time limit.
    pub deadline: Duration,
    /// The wait before the second attempt is random between 0 and this; it doubles with every attempt.
    pub backoff_first: Duration,
    /// The longest wait between two attempts.
    pub backoff_max: Duration,
}

impl Default for Retry {
    /// 30 s; 20 ms doubling up to 2 s.
    fn default() -> Self {
        Retry {
            deadline: Duration::from_secs(30),
            backoff_first: Duration::from_millis(20),
            backoff_max: Duration::from_secs(2),
        }
    }
}

impl Retry {
    /// No retries and no time limit.
    pub fn never() -> Self {
        Retry { deadline: Duration::ZERO, ..Retry::default() }
    }

    /// The wait after `attempts` failed attempts (1 or more). Full jitter: clients that failed together do not
    /// come back together.
    pub(crate) fn backoff(&self, attempts: u32) -> Duration {
        let doubled = self.backoff_first.saturating_mul(1 << (attempts - 1).min(20));
        doubled.min(self.backoff_max).mul_f64(rand::random::<f64>())
    }

    /// Whether a write or read that failed so is to be sent again. `repeatable`: being applied twice changes nothing.
    pub(crate) fn helps(error: &Error, repeatable: bool) -> bool {
        error.retryable() && (repeatable || !error.may_have_applied())
    }

    /// Runs `attempt`, which is told its number from 1, until it succeeds, fails for good, or `end` is near. Each
    /// attempt has to end by itself at `end`.
    pub(crate) async fn run<T, F, Fut>(
        &self,
        end: Option<Instant>,
        repeatable: bool,
        mut attempt: F,
    ) -> Result<T>
    where
        F: FnMut(u32) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let mut attempts = 1;
        let mut doubt = false;
        let mut told = None;
        loop {
            let error = match attempt(attempts).await {
                Ok(answer) => return Ok(answer),
                // What the server said last says more than that the time is over.
                Err(error) if error.is_timeout() => told.take().unwrap_or(error),
                Err(error) => error,
            };
            doubt |= error.may_have_applied();
            let (false, Some(end)) = (self.deadline.is_zero(), end) else { return Err(error) };
            if !Retry::helps(&error, repeatable) {
                return Err(error);
            }
            let wait = self.backoff(attempts);
            if Instant::now() + wait >= end {
                return Err(Error::GaveUp { attempts, may_have_applied: doubt, last: Box::new(error) });
            }
            tokio::time::sleep(wait).await;
            attempts += 1;
            told = Some(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_maximum() {
        let retry = Retry::default();
        for attempts in 1..100 {
            let most = (retry.backoff_first * (1 << (attempts - 1).min(10))).min(retry.backoff_max);
            assert!(retry.backoff(attempts) <= most, "attempt {attempts}");
        }
    }
}
