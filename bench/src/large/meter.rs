//! CPU of the server that belongs to the load, and when there is no more of it.

use crate::usage;
use anyhow::Result;
use std::time::{Duration, Instant};

/// The server's CPU time since it was last looked at.
pub(super) struct Meter {
    pid: u32,
    seen: Duration,
}

impl Meter {
    /// From now on.
    pub(super) fn start(pid: u32) -> Result<Meter> {
        Ok(Meter { pid, seen: usage::cpu(pid)? })
    }

    /// What was spent since the start or the last call.
    pub(super) fn take(&mut self) -> Result<Duration> {
        let seen = usage::cpu(self.pid)?;
        let spent = seen.saturating_sub(self.seen);
        self.seen = seen;
        Ok(spent)
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Less than this in one look is quiet.
const QUIET: Duration = Duration::from_millis(100);
const QUIET_LOOKS: u32 = 2;
/// Who does not get quiet within this is probed as it is; the row shows it.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// Waits until a process has nothing to do any more, such as flushes and merges behind a load; returns how long that
/// took. So neither the probes nor the next row meet what this one left over.
pub(super) async fn settle(pid: u32) -> Result<Duration> {
    let started = Instant::now();
    let (mut meter, mut quiet) = (Meter::start(pid)?, 0);
    while quiet < QUIET_LOOKS && started.elapsed() < SETTLE_MAX {
        tokio::time::sleep(LOOK_EVERY).await;
        quiet = if meter.take()? < QUIET { quiet + 1 } else { 0 };
    }
    Ok(started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_spent_since() -> Result<()> {
        let mut meter = Meter::start(std::process::id())?;
        let mut sum = 0u64;
        let mut spent = Duration::ZERO;
        while spent.is_zero() {
            sum = std::hint::black_box(sum.wrapping_add(1));
            spent = meter.take()?;
        }
        assert!(spent < Duration::from_secs(1), "{spent:?}");
        assert!(Meter::start(0).is_err());
        Ok(())
    }
}
