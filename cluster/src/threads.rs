//! The threads beside the runtime's workers, for what may take long. A runtime of one thread, a simulation's, has none of
//! them: all runs where it is called, in one order.

use std::io;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{JoinError, block_in_place, spawn_blocking};

/// Does `work` here, with the other tasks of this worker moved away meanwhile.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    if exist() { block_in_place(work) } else { work() }
}

/// Does `work` on a thread of its own.
///
/// # Errors
/// It panicked.
pub async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    if exist() { spawn_blocking(work).await } else { Ok(work()) }
}

/// Does `work` here, [`aside`] where it is `long`.
pub(crate) fn blocking<T>(long: bool, work: impl FnOnce() -> T) -> T {
    if long { aside(work) } else { work() }
}

/// Does `work` [`elsewhere`]: a disk that hangs may keep the thread.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    elsewhere(work).await.map_err(io::Error::other)
}

pub(crate) fn exist() -> bool {
    Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Starts `work` on a thread of its own; where there are none, does it here.
pub(crate) fn begin(work: impl FnOnce() + Send + 'static) {
    if exist() { drop(spawn_blocking(work)) } else { work() }
}
