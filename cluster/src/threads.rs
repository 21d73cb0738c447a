//! The threads beside the runtime's workers, for what may take long. A runtime of one thread has none of them: all runs
//! where it is called, in one order.

use std::io;
use tokio::runtime::{Handle, RuntimeFlavor};

pub(crate) fn exist() -> bool {
    Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Runs `work`, with the other tasks of this worker moved away meanwhile where it is `long`.
pub(crate) fn blocking<T>(long: bool, work: impl FnOnce() -> T) -> T {
    if long && exist() { tokio::task::block_in_place(work) } else { work() }
}

/// Starts `work` on a thread of its own; where there are none, does it here.
pub(crate) fn begin(work: impl FnOnce() + Send + 'static) {
    if exist() { drop(tokio::task::spawn_blocking(work)) } else { work() }
}

/// Runs `work` on a thread of its own, which a disk that hangs may keep.
pub(crate) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    if exist() { tokio::task::spawn_blocking(work).await.map_err(io::Error::other) } else { Ok(work()) }
}
