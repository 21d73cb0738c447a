//! Threads for what takes long: validation, terminology. The async runtime's own are never held up by it.

use crate::{bounds::Share, host::elsewhere};
use proto::{Code, Error};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A bound on the computations that run at the same time.
pub struct Threads {
    permits: Arc<Semaphore>,
}

impl Threads {
    /// At most `max` (at least 1) at a time; the rest wait in the order they came, until their deadline.
    pub fn new(max: usize) -> Self {
        Threads { permits: Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS))) }
    }

    /// Runs `work` on a thread of its own. Where the caller goes away meanwhile, it still runs to its end and counts
    /// against the bound until then, with the `share` of its request: `work` must have limits of its own.
    ///
    /// # Errors
    /// Those of `work`; `Internal` where it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        share: Share,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = |_| Error::new(Code::Unavailable, "the node is stopping");
        let permit = self.permits.clone().acquire_owned().await.map_err(closed)?;
        let done = elsewhere(move || {
            let _held = (permit, share);
            work()
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a computation failed");
            Err(Error::new(Code::Internal, "the operation failed; the server's log says why"))
        })
    }
}
