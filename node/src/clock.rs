//! The wall clock, in one place. Leaders read it when they decide; nothing below ever does.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the epoch, from the system or, in tests, from a fixed source.
#[derive(Clone, Debug, Default)]
pub struct Clock;

impl Clock {
    /// Now.
    pub fn now_ms(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    }
}
