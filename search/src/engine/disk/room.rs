//! Publishers that found the tail full: tasks that wait until the sealer made room.

use crate::engine::tail::{Entry, Tail};
use std::time::{Duration, Instant};

/// A writer that waited this long for room says so. While the sealer fails, it is the one who tells.
const WAIT_LOGGED: Duration = Duration::from_secs(1);

/// Adds the entries once they fit.
pub async fn wait(tail: &Tail, mut entries: Vec<Entry>) {
    let began = Instant::now();
    metrics::counter!("salamander_search_publish_waits_total").increment(1);
    loop {
        // Before it is looked again, so that no room made in between goes unheard.
        let room = tail.room.notified();
        match tail.add(entries) {
            Ok(()) => break,
            Err(back) => entries = back,
        }
        room.await;
    }
    let waited = began.elapsed();
    metrics::histogram!("salamander_search_publish_wait_seconds").record(waited.as_secs_f64());
    if waited >= WAIT_LOGGED {
        tracing::warn!(?waited, "writes waited for room in the search tail");
    }
}
