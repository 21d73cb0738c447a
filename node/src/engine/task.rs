//! Work that outlives its caller.

use proto::{Code, Error};

/// Work that goes on when its caller goes away: a transaction must not stop half way, and a reservation given back too
/// early would let a second create with the same criteria through.
///
/// # Errors
/// Those of `work`; `Internal` where it panics.
pub async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the task of a request failed");
        Err(Error::new(Code::Internal, "the request failed; the server's log says why"))
    })
}
