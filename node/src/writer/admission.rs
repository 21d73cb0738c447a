//! Writes wait, and at last are refused, before the log while the search tail is full: what is in the log must be
//! applied, and what is applied must be searchable before it is acknowledged.

use crate::engine::Engine;
use proto::{Code, Error};
use std::time::Duration;
use tokio::time::Instant;

/// A sealer that works makes room many times a second.
const PAUSE: Duration = Duration::from_millis(2);
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Returns when the tail has room.
pub async fn wait(node: &Engine) -> Result<(), Error> {
    if node.search.fill() < 1.0 {
        return Ok(());
    }
    let started = Instant::now();
    while node.search.fill() >= 1.0 {
        if started.elapsed() >= WAIT_MAX {
            let why =
                node.search.failure().unwrap_or_else(|| "more is written than can be indexed".to_owned());
            return Err(Error::new(
                Code::Overloaded,
                format!("search cannot take in more writes: {why}; send it again"),
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
