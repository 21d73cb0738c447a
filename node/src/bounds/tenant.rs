//! What the requests of one tenant may hold, where there are several: a part of the node's bounds, so that one that asks for all there
//! is leaves something to the others.

use super::Bound;
use parking_lot::RwLock;
use proto::{Code, Error, TenantId};
use rustc_hash::FxHashMap;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// The parts of all tenants.
#[derive(Debug)]
pub struct Tenants {
    percent: usize,
    /// One alone may hold everything.
    are_several: AtomicBool,
    parts: RwLock<FxHashMap<TenantId, Arc<Part>>>,
}

/// What the requests of a tenant hold.
#[derive(Debug)]
pub struct Part {
    requests: Bound,
    bytes: Bound,
    percent: usize,
}

impl Tenants {
    /// So much of the bounds each.
    pub fn new(percent: usize) -> Tenants {
        Tenants {
            percent: percent.clamp(1, 100),
            are_several: AtomicBool::new(false),
            parts: RwLock::default(),
        }
    }

    /// From now on requests of tenants are, or are not, told from each other. `there`: the tenants that are.
    pub fn are(&self, several: bool, there: impl Fn(TenantId) -> bool) {
        self.are_several.store(several, Relaxed);
        // Whoever still holds something keeps its part.
        self.parts.write().retain(|tenant, _| there(*tenant));
    }

    /// The part of a tenant; `None`: no bound beside the node's.
    pub(super) fn part(&self, tenant: TenantId, requests: &Bound, bytes: &Bound) -> Option<Arc<Part>> {
        if self.percent == 100 || !self.are_several.load(Relaxed) {
            return None;
        }
        if let Some(known) = self.parts.read().get(&tenant) {
            return Some(known.clone());
        }
        let of = |all: &Bound| Bound::new((all.max as u128 * self.percent as u128 / 100) as usize);
        let part = || Arc::new(Part { requests: of(requests), bytes: of(bytes), percent: self.percent });
        Some(self.parts.write().entry(tenant).or_insert_with(part).clone())
    }
}

impl Part {
    pub fn take_request(&self) -> Result<(), Error> {
        self.requests.take(1).map_err(|()| {
            let text = format!(
                "{} requests of this tenant are under way, {} % of what the node takes (limits.tenant_percent); try again later",
                self.requests.max, self.percent
            );
            Error::new(Code::Overloaded, text)
        })
    }

    /// `more` bytes for a request that holds `held`.
    pub fn take_bytes(&self, held: usize, more: usize) -> Result<(), Error> {
        let (max, percent) = (self.bytes.max, self.percent);
        if held.saturating_add(more) > max {
            let text = format!(
                "the request takes more memory than those of one tenant may hold together, {max} bytes, {percent} % of what there is \
                 (limits.tenant_percent); split it up, or ask for less at once"
            );
            return Err(Error::new(Code::TooLarge, text));
        }
        self.bytes.take(more).map_err(|()| {
            let text = format!(
                "the requests of this tenant hold the memory there is for them, {max} bytes, {percent} % of what there is \
                 (limits.tenant_percent); try again later"
            );
            Error::new(Code::Overloaded, text)
        })
    }

    pub fn give_back(&self, requests: usize, bytes: usize) {
        self.requests.held.fetch_sub(requests, Relaxed);
        self.bytes.held.fetch_sub(bytes, Relaxed);
    }
}
