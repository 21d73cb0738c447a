//! The wall clock, in one place. Leaders read it when they decide; nothing below ever does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

/// Milliseconds since the epoch: the system's, the runtime's, or what a test says. Clones tell the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Fixed(Arc<AtomicU64>),
    Runtime {
        origin: Instant,
        ms: u64,
    },
}

impl Clock {
    /// One that stands at `ms` until it is [set](Clock::set).
    pub fn fixed(ms: u64) -> Clock {
        Clock(Source::Fixed(Arc::new(AtomicU64::new(ms))))
    }

    /// One that stands at `ms` now and goes as the async runtime's time does, which a simulation moves.
    pub fn of_runtime(ms: u64) -> Clock {
        Clock(Source::Runtime { origin: Instant::now(), ms })
    }

    /// Moves a fixed clock, back too; no other.
    pub fn set(&self, ms: u64) {
        if let Clock(Source::Fixed(fixed)) = self {
            fixed.store(ms, Ordering::Relaxed);
        }
    }

    /// Now.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::Fixed(fixed) => fixed.load(Ordering::Relaxed),
            Source::Runtime { origin, ms } => ms + origin.elapsed().as_millis() as u64,
            Source::System => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, tests::TestNode};

    #[test]
    fn the_systems_clock_goes_and_a_fixed_one_stands() {
        assert!(Clock::default().now_ms() > 1_700_000_000_000);
        let clock = Clock::fixed(5);
        clock.clone().set(7);
        assert_eq!(clock.now_ms(), 7);
    }

    /// What is stored has the node's time, and keys are kept by it.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_node_decides_by_its_clock_alone() {
        const START_MS: u64 = 1_000_000_000_000;
        let mut config = Config::default();
        config.storage.partitions = 2;
        config.idempotency.retention_ms = 1000;
        let clock = Clock::fixed(START_MS);
        let node = TestNode::open(config, clock.clone()).await;
        let create = || async { node.post(r#"{"resourceType":"Patient"}"#, "", "k").await.unwrap() };
        let first = create().await;
        assert_eq!(first.last_updated_ms, START_MS);
        clock.set(START_MS + 999);
        assert_eq!(create().await.id, first.id, "within the retention the first answer is given again");
        clock.set(START_MS + 1001);
        let later = create().await;
        assert_ne!(later.id, first.id, "after it the key is forgotten");
        assert_eq!(later.last_updated_ms, START_MS + 1001);
        node.node.shutdown().await;
    }
}
