//! The clock, in one place: the wall clock, and never behind what this node has applied, so that times of writes in one partition do not
//! run back when its leader changes or a clock is set back (a hybrid clock, without its counter: what happens in one millisecond has
//! its order in the log). Leaders read it when they decide; nothing below ever does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;

/// Milliseconds since the epoch: the system's, the runtime's, or what a test says. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    /// The newest time of a write that was applied here.
    seen: Arc<AtomicU64>,
    ahead_max_ms: u64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::of(Source::System)
    }
}

/// Twice as far as a clock may be off that is trusted to lead.
const AHEAD_MAX_MS: u64 = 2_000;

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
        Clock::of(Source::Fixed(Arc::new(AtomicU64::new(ms))))
    }

    fn of(source: Source) -> Clock {
        Clock { source, seen: Arc::default(), ahead_max_ms: AHEAD_MAX_MS }
    }

    /// The same, which follows others so far ahead of its own time. Who is further ahead is wrong.
    pub fn following(self, ahead_max: Duration) -> Clock {
        Clock { ahead_max_ms: ahead_max.as_millis() as u64, ..self }
    }

    /// A write of that time was applied here.
    pub fn saw(&self, ms: u64) {
        if ms <= self.wall_ms().saturating_add(self.ahead_max_ms) {
            self.seen.fetch_max(ms, Ordering::Relaxed);
        }
    }

    /// One that stands at `ms` now and goes as the async runtime's time does, which a simulation moves.
    pub fn of_runtime(ms: u64) -> Clock {
        Clock::of(Source::Runtime { origin: Instant::now(), ms })
    }

    /// Moves a fixed clock, back too; no other.
    pub fn set(&self, ms: u64) {
        if let Source::Fixed(fixed) = &self.source {
            fixed.store(ms, Ordering::Relaxed);
        }
    }

    /// Now: no earlier than what was seen, unless that is further ahead than it is followed.
    pub fn now_ms(&self) -> u64 {
        let (wall, seen) = (self.wall_ms(), self.seen.load(Ordering::Relaxed));
        if seen <= wall.saturating_add(self.ahead_max_ms) { wall.max(seen) } else { wall }
    }

    /// What the source says.
    pub fn wall_ms(&self) -> u64 {
        match &self.source {
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

    #[test]
    fn it_never_runs_back_behind_what_was_applied_and_follows_nobody_far() {
        let clock = Clock::fixed(10_000).following(Duration::from_secs(1));
        clock.saw(10_600);
        assert_eq!(clock.now_ms(), 10_600, "another leader's clock is ahead");
        clock.set(10_700);
        assert_eq!(clock.now_ms(), 10_700);
        clock.saw(10_700);
        clock.set(10_200);
        assert_eq!(clock.now_ms(), 10_700, "set back by half a second");
        clock.saw(11_201);
        assert_eq!(clock.now_ms(), 10_700, "who is so far ahead is wrong");
        clock.set(5_000);
        assert_eq!(clock.now_ms(), 5_000, "it was wrong itself, and was set right");
        assert_eq!(clock.wall_ms(), 5_000);
    }

    /// Times of writes do not run back where the clock does.
    #[tokio::test(flavor = "multi_thread")]
    async fn writes_of_a_partition_have_times_in_order() {
        const START_MS: u64 = 1_000_000_000_000;
        let mut config = Config::default();
        config.storage.partitions = 1;
        let clock = Clock::fixed(START_MS);
        let node = TestNode::open(config, clock.clone()).await;
        let create = async |node: &TestNode, key: &str| {
            node.post(r#"{"resourceType":"Patient"}"#, "", key).await.unwrap().last_updated_ms
        };
        assert_eq!(create(&node, "a").await, START_MS);
        clock.set(START_MS - 900);
        assert_eq!(create(&node, "b").await, START_MS);
        clock.set(START_MS + 1);
        assert_eq!(create(&node, "c").await, START_MS + 1);
        node.node.shutdown().await;
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
