//! What simulated nodes are opened with.

use node::{budget::Budget, cli::options::engine, config::Config, engine::Options};
use std::{ops::Range, time::Duration};

const BUDGET: Budget = Budget { total: 256 << 20, origin: "a simulation" };
/// How long a sync of the simulated disk takes.
pub const SYNC: Range<Duration> = Duration::from_micros(100)..Duration::from_millis(20);
pub const CURSOR_KEY: &[u8] = b"of a simulation";

/// Small, so that there are flushes, purges and writes over partitions.
pub fn options() -> Options {
    let mut config = Config::default();
    config.storage.partitions = 3;
    config.log.group_bytes = 64 << 10;
    config.transactions.prepare_timeout_ms = 2_000;
    config.transactions.reservation_timeout_ms = 1_000;
    engine(&BUDGET.fill(config))
}
