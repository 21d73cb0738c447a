//! What goes along with the calls of a handle: metadata, a deadline, interceptors.

use crate::{Attempt, Client, Error, Interceptor, Result, Retry};
use proto::metadata;
use std::{fmt, sync::Arc, time::Duration};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};

/// Shared by the clones of a [`Client`].
#[derive(Clone, Default)]
pub(crate) struct Carried {
    pub(crate) metadata: MetadataMap,
    /// Of all attempts of a call together.
    pub(crate) deadline: Option<Duration>,
    /// Writes of which the caller gave no key go out without one.
    pub(crate) without_keys: bool,
    interceptors: Vec<Arc<dyn Interceptor>>,
}

impl Carried {
    /// The metadata of one attempt.
    pub(crate) fn before(&self, attempt: Attempt<'_>) -> Result<MetadataMap> {
        let mut metadata = self.metadata.clone();
        for interceptor in &self.interceptors {
            interceptor.before(attempt, &mut metadata).map_err(Error::Intercepted)?;
        }
        Ok(metadata)
    }

    pub(crate) fn after(&self, attempt: Attempt<'_>, error: Option<&Error>, took: Duration) {
        for interceptor in self.interceptors.iter().rev() {
            interceptor.after(attempt, error, took);
        }
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secret.
        let keys: Vec<_> = self.metadata.as_ref().keys().collect();
        let interceptors = self.interceptors.len();
        f.debug_struct("Carried")
            .field("metadata", &keys)
            .field("deadline", &self.deadline)
            .field("without_keys", &self.without_keys)
            .field("interceptors", &interceptors)
            .finish()
    }
}

/// Each of these gives another handle on the same connections; the calls made through it differ in this one thing. For a
/// single call: `client.with_deadline(d).read(…)`.
impl Client {
    /// Another retry policy.
    pub fn with_retry(&self, retry: Retry) -> Client {
        Client { retry, ..self.clone() }
    }

    /// All attempts of a call together take no longer than this. The server is told, so that it stops as well. Holds
    /// beside [`Retry::deadline`], and without retries too. Streams: until they are open.
    pub fn with_deadline(&self, deadline: Duration) -> Client {
        self.carrying(|carried| carried.deadline = Some(deadline))
    }

    /// The data of that tenant.
    ///
    /// # Errors
    /// A name that cannot be sent.
    pub fn with_tenant(&self, name: &str) -> Result<Client> {
        self.with_metadata(metadata::TENANT, name)
    }

    /// In the name of whoever the token was given to (`authorization: Bearer …`).
    ///
    /// # Errors
    /// A token that cannot be sent.
    pub fn with_token(&self, token: &str) -> Result<Client> {
        self.with_metadata(metadata::TOKEN, &format!("Bearer {token}"))
    }

    /// As a part of the trace that `traceparent` names: <https://www.w3.org/TR/trace-context/>.
    ///
    /// # Errors
    /// A text that cannot be sent.
    pub fn with_trace(&self, traceparent: &str) -> Result<Client> {
        self.with_metadata(metadata::TRACE, traceparent)
    }

    /// With that metadata, instead of what was there under the same key.
    ///
    /// # Errors
    /// A key or value that cannot be sent, or a key that looks like the tenant's and is not.
    pub fn with_metadata(&self, key: &str, value: &str) -> Result<Client> {
        let unusable = |reason: String| Error::Metadata { key: key.to_owned(), reason };
        let name: AsciiMetadataKey =
            key.to_ascii_lowercase().parse().map_err(|_| unusable("this is no key".to_owned()))?;
        if let Some(error) = metadata::misspelt(name.as_str()) {
            return Err(unusable(error.diagnostics().to_owned()));
        }
        let visible = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let mut value: AsciiMetadataValue = match value.parse() {
            Ok(value) if visible => value,
            _ => return Err(unusable("the value is not visible ASCII".to_owned())),
        };
        value.set_sensitive(name.as_str() == metadata::TOKEN);
        Ok(self.carrying(|carried| {
            carried.metadata.insert(name, value);
        }))
    }

    /// Seen by that interceptor, after those that are there already.
    pub fn with_interceptor(&self, interceptor: impl Interceptor) -> Client {
        self.carrying(|carried| carried.interceptors.push(Arc::new(interceptor)))
    }

    /// Writes without an idempotency key of the caller's go out without any: the server has less to remember, but a write
    /// that may have been applied ([`Error::may_have_applied`]) is not sent again.
    pub fn without_keys(&self) -> Client {
        self.carrying(|carried| carried.without_keys = true)
    }

    fn carrying(&self, change: impl FnOnce(&mut Carried)) -> Client {
        let mut carried = Carried::clone(&self.carried);
        change(&mut carried);
        Client { carried: Arc::new(carried), ..self.clone() }
    }
}
