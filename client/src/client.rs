//! The handle: how it is had, and others on the same connections.

use crate::{
    Error, Interceptor, Options, Result, Retry, carried::Carried, endpoints::Endpoints, hedge::Hedge,
    learn::Learner,
};
use proto::{Slot, metadata};
use std::{sync::Arc, time::Duration};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

/// A handle on one server, or on several that hold the same data; cheap to clone, clones share the connections.
///
/// Requests are the messages of `proto/api/v1`. A write whose `idempotency_key` is empty gets a random one. All
/// calls are retried as [`Retry`] says; an error that sending again cannot help comes back at once. What goes along with
/// the calls (tenant, token, trace, deadline, interceptors) is told by the methods `with_…`.
///
/// Where the server is a cluster, a call about a resource goes to the node that leads its partition: the client learns from the
/// given endpoints, in the background, who that is and where. An address that cannot be reached from here gets no call, and the given
/// endpoints get all of them where none can. Off by [`Options::routing`].
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) retry: Retry,
    pub(crate) carried: Arc<Carried>,
}

impl Client {
    /// A client of the server at `endpoint` (`http://host:port`; `https://` with [`Options::tls`]) with default [`Options`]. Does not wait for the
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
        if options.routing {
            Learner::start(&endpoints, options);
        }
        Ok(Client { endpoints, retry: options.retry, carried: Arc::default() })
    }
}

impl Client {
    /// Where calls about that resource go, as far as that is known by now.
    pub fn leader_of(&self, resource_type: &str, id: &str) -> Option<String> {
        let slot = self.endpoints.slot(self.carried.tenant(), resource_type, id)?;
        Some(self.endpoints.leader(slot)?.address.clone())
    }

    /// The home slot of the resource that a call names, else of the one that the handle has.
    pub(crate) fn slot(&self, resource_type: &str, id: &str) -> Option<Slot> {
        let (resource_type, id) = match (&self.carried.near, id) {
            (Some((resource_type, id)), "") => (resource_type.as_str(), id.as_str()),
            _ => (resource_type, id),
        };
        self.endpoints.slot(self.carried.tenant(), resource_type, id)
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

    /// Calls that name no resource of their own (creates, bundles, searches, streams of writes) go to the leader of the partition where this
    /// one is at home: for what belongs to that patient. Where a call is carried out changes nothing of what it does.
    pub fn with_compartment(&self, resource_type: &str, id: &str) -> Client {
        self.carrying(|carried| carried.near = Some((resource_type.to_owned(), id.to_owned())))
    }

    /// Calls that only read and are not answered within `after` go to another endpoint as well, once; the first answer is taken and
    /// the other attempt given up. Of ten calls one at most is hedged, and ten in a row where many before were not. Streams are not.
    /// A write never is.
    pub fn with_hedge(&self, after: Duration) -> Client {
        self.carrying(|carried| carried.hedge = Some(Arc::new(Hedge::new(after))))
    }

    /// Reads, vreads, histories of one resource and searches of one record may miss what was acknowledged less than `max` before them, so that
    /// they are answered also where no leader can be asked; all else that these calls answer is current. `told` hears of each answer
    /// how old it is. Other calls are refused.
    pub fn with_stale(&self, max: Duration, told: impl Fn(Duration) + Send + Sync + 'static) -> Client {
        let ms = AsciiMetadataValue::from(max.as_millis() as u64);
        self.carrying(|carried| {
            carried.metadata.insert(metadata::STALE, ms);
            carried.told_age = Some(Arc::new(told));
        })
    }

    fn carrying(&self, change: impl FnOnce(&mut Carried)) -> Client {
        let mut carried = Carried::clone(&self.carried);
        change(&mut carried);
        Client { carried: Arc::new(carried), ..self.clone() }
    }
}
