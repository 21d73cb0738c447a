//! The handle: how it is had, and others on the same connections.

use crate::{Error, Interceptor, Options, Result, Retry, carried::Carried, endpoints::Endpoints};
use proto::metadata;
use std::{sync::Arc, time::Duration};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

/// A handle on one server, or on several that hold the same data; cheap to clone, clones share the connections.
///
/// Requests are the messages of `proto/api/v1`. A write whose `idempotency_key` is empty gets a random one. All
/// calls are retried as [`Retry`] says; an error that sending again cannot help comes back at once. What goes along with
/// the calls (tenant, token, trace, deadline, interceptors) is told by the methods `with_…`.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) retry: Retry,
    pub(crate) carried: Arc<Carried>,
}

impl Client {
    /// A client of the server at `endpoint` (`http://host:port`) with default [`Options`]. Does not wait for the
    /// connection: the first call connects, and a lost connection is made again. Must be called within a tokio
    /// runtime.
    pub fn connect(endpoint: &str) -> Result<Client> {
        Client::connect_with(endpoint, &Options::default())
    }

    /// As [`Client::connect`], with other options.
    pub fn connect_with(endpoint: &str, options: &Options) -> Result<Client> {
        Client::connect_any([endpoint], options)
    }

    /// A client of several endpoints of one service; see [`crate::Balance`] for which of them gets a call.
    ///
    /// # Errors
    /// No endpoint, or one that is none.
    pub fn connect_any<E: AsRef<str>>(
        endpoints: impl IntoIterator<Item = E>,
        options: &Options,
    ) -> Result<Client> {
        let endpoints = Arc::new(Endpoints::connect(endpoints, options)?);
        Ok(Client { endpoints, retry: options.retry, carried: Arc::default() })
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
