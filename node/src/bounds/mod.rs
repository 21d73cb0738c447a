//! What the requests of a node may hold together: how many, and how much memory. What a request holds is its [`Share`]; it
//! travels inside the work, so a caller that leaves gives back nothing that its work still needs.

mod share;
mod tenant;
pub mod weight;

pub use share::Share;
pub use tenant::Tenants;

use crate::config::Config;
use proto::{Code, Error, TenantId};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The bounds of a node's requests, over all wires.
#[derive(Debug)]
pub struct Bounds {
    requests: Bound,
    bytes: Bound,
    tenants: Tenants,
}

/// What is held at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Requests under way, those included whose caller is gone while their work is not.
    pub requests: usize,
    /// Bytes of memory they hold.
    pub bytes: usize,
}

impl Bounds {
    /// At most `requests_max` requests and `bytes_max` bytes, each at least 1.
    pub fn new(requests_max: usize, bytes_max: usize) -> Arc<Bounds> {
        Bounds::shared(requests_max, bytes_max, 100)
    }

    /// The same, of which one of several tenants may hold so much.
    pub fn shared(requests_max: usize, bytes_max: usize, tenant_percent: usize) -> Arc<Bounds> {
        let tenants = Tenants::new(tenant_percent);
        Arc::new(Bounds { requests: Bound::new(requests_max), bytes: Bound::new(bytes_max), tenants })
    }

    /// As configured.
    pub fn of(config: &Config) -> Arc<Bounds> {
        let limits = &config.limits;
        Bounds::shared(limits.requests_in_flight_max, limits.requests_bytes_max, limits.tenant_percent)
    }

    /// A new request's share: nothing yet.
    pub fn share(self: &Arc<Self>) -> Share {
        Share::of(self.clone())
    }

    /// What is held now. Nothing at rest.
    pub fn held(&self) -> Held {
        Held { requests: self.requests.held.load(Relaxed), bytes: self.bytes.held.load(Relaxed) }
    }

    /// What tenants may hold of it.
    pub fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    fn part(&self, tenant: TenantId) -> Option<Arc<tenant::Part>> {
        self.tenants.part(tenant, &self.requests, &self.bytes)
    }

    fn take_request(&self) -> Result<(), Error> {
        self.requests.take(1).map_err(|()| {
            let text = format!(
                "{} requests are under way (limits.requests_in_flight_max); try again later",
                self.requests.max
            );
            Error::new(Code::Overloaded, text)
        })
    }

    /// `more` bytes for a request that holds `held`.
    fn take_bytes(&self, held: usize, more: usize) -> Result<(), Error> {
        let max = self.bytes.max;
        if held.saturating_add(more) > max {
            let text = format!(
                "the request takes more memory than all requests may hold together, {max} bytes (limits.requests_bytes_max); split it up, or ask for less at once"
            );
            return Err(Error::new(Code::TooLarge, text));
        }
        self.bytes.take(more).map_err(|()| {
            let text = format!(
                "the requests under way hold the memory there is for them, {max} bytes (limits.requests_bytes_max); try again later"
            );
            Error::new(Code::Overloaded, text)
        })
    }

    fn give_back(&self, held: Held) {
        self.requests.held.fetch_sub(held.requests, Relaxed);
        self.bytes.held.fetch_sub(held.bytes, Relaxed);
    }
}

/// One figure and its bound. A count alone is shared, no data: relaxed order is enough.
#[derive(Debug)]
struct Bound {
    held: AtomicUsize,
    max: usize,
}

impl Bound {
    fn new(max: usize) -> Bound {
        Bound { held: AtomicUsize::new(0), max: max.max(1) }
    }

    /// All of it or nothing; a queue here would only hide the load.
    fn take(&self, more: usize) -> Result<(), ()> {
        let fits = |held: usize| held.checked_add(more).filter(|held| *held <= self.max);
        self.held.fetch_update(Relaxed, Relaxed, fits).map(|_| ()).map_err(|_| ())
    }
}

#[cfg(test)]
mod abandoned;
#[cfg(test)]
mod tests;
