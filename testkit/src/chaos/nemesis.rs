//! What goes wrong: the process is killed and started again, at moments that the seed gives.

use crate::node::NodeProcess;
use generator::random::Random;
use std::time::{Duration, Instant};

/// Kills the node (SIGKILL, nothing flushed) and starts it again, about every `every`, until `until`. How long each start
/// took until the node was ready.
///
/// # Errors
/// A node that does not start again.
pub(super) fn haunt(
    node: &mut NodeProcess,
    seed: u64,
    every: Duration,
    until: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut random = Random::of(seed, u64::from_be_bytes(*b"chaos km"), 0);
    let mut starts = Vec::new();
    loop {
        let pause = every.mul_f64(0.5 + random.below(1000) as f64 / 1000.0);
        // The last one is followed by some time in which the clients find the node again.
        if Instant::now() + pause + Duration::from_secs(1) > until {
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            return Ok(starts);
        }
        std::thread::sleep(pause);
        node.kill9()?;
        std::thread::sleep(Duration::from_millis(random.pick(&[0, 0, 200])));
        let began = Instant::now();
        node.restart()?;
        starts.push(began.elapsed());
    }
}
