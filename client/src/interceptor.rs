//! What a caller's own code sees of every attempt.

use crate::Error;
use std::time::Duration;
use tonic::metadata::MetadataMap;

/// One attempt of a call.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The RPC, such as `Create`.
    pub method: &'static str,
    /// From 1.
    pub number: u32,
    /// It goes out beside another one of the same number that is slow; one of the two may be given up, and is not told
    /// [after](Interceptor::after) it.
    pub is_hedge: bool,
    /// The endpoint it goes to, as it was given, or as a node tells it.
    pub endpoint: &'a str,
}

/// Called around every attempt of every call, in the task of the call: for metadata that changes (a token that is
/// renewed), for measurements and logs. Must not block. See [`crate::Client::with_interceptor`].
pub trait Interceptor: Send + Sync + 'static {
    /// Before the attempt is sent; `metadata` is what goes along with it.
    ///
    /// # Errors
    /// Why the call is not to be made: it ends with [`Error::Intercepted`].
    fn before(&self, attempt: Attempt<'_>, metadata: &mut MetadataMap) -> Result<(), String> {
        let _ = (attempt, metadata);
        Ok(())
    }

    /// After it: `error` is what it failed with, `took` includes the answer. Of a stream: after it was opened.
    fn after(&self, attempt: Attempt<'_>, error: Option<&Error>, took: Duration) {
        let _ = (attempt, error, took);
    }
}
