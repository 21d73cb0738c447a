//! A disk's time, for simulation.

use crate::entropy::Entropy;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;
use storage::log::MemoryLog;
use tokio::sync::Notify;

/// Makes what `log` is given durable some time later, on the runtime's clock: each sync takes a time within `latency` and
/// covers some or all of what waited when it began. A crash falls before, between or after. Ends with the log.
pub async fn sync_later(log: Arc<MemoryLog>, entropy: Entropy, latency: Range<Duration>) {
    let work = Arc::new(Notify::new());
    let asked = work.clone();
    log.on_work(move || asked.notify_one());
    let weak = Arc::downgrade(&log);
    drop(log);
    while let Some(waiting) = waiting(&weak) {
        if waiting == 0 {
            work.notified().await;
            continue;
        }
        let covered = match entropy.number() % 2 {
            0 => waiting,
            _ => 1 + entropy.number() as usize % waiting,
        };
        tokio::time::sleep(within(&entropy, &latency)).await;
        if let Some(log) = weak.upgrade() {
            log.sync_next(covered);
        }
    }
}

fn waiting(log: &Weak<MemoryLog>) -> Option<usize> {
    log.upgrade().map(|log| log.pending())
}

fn within(entropy: &Entropy, latency: &Range<Duration>) -> Duration {
    let width = latency.end.saturating_sub(latency.start).as_micros() as u64;
    latency.start + Duration::from_micros(entropy.number() % width.max(1))
}
