//! Work that takes longer than the other tasks of a thread should wait. On a runtime of one thread, a simulation's, it is
//! done where it is asked for.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{JoinError, block_in_place, spawn_blocking},
};

/// Does `work` here, with the other tasks of the thread handed to another one meanwhile.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    if has_threads() { block_in_place(work) } else { work() }
}

/// Does `work` on a thread for such.
///
/// # Errors
/// It panicked.
pub async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
    match has_threads() {
        true => spawn_blocking(work).await,
        false => Ok(work()),
    }
}

fn has_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() != RuntimeFlavor::CurrentThread)
}
