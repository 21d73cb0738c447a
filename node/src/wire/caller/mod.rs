//! What both wires read of a request beside its message: whose data it is about, the id it is known by, its deadline.

pub mod request_id;
pub mod stale;
pub mod tenant;

use std::time::{Duration, Instant};

/// When a request that arrives now must be answered: the caller's own timeout, but no later than the configured one.
pub fn deadline(timeout: Duration, asked: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(asked.map_or(timeout, |asked| asked.min(timeout)))
}
