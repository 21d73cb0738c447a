//! What one request holds.

use super::{Bounds, Held, tenant::Part};
use proto::{Error, TenantId};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// A request's share of the node's bounds. Clones are the same share: it is given back, whole and once, when the last of
/// them is dropped. So whoever works on for a request keeps a clone beside what it works on.
///
/// The default is bounded by nothing: for work that no caller asked for.
#[derive(Clone, Debug, Default)]
pub struct Share(Option<Arc<Taken>>);

#[derive(Debug)]
struct Taken {
    bounds: Arc<Bounds>,
    admitted: AtomicBool,
    bytes: AtomicUsize,
    /// Of the part of its tenant it has the same, once it is known whose the request is.
    part: OnceLock<Arc<Part>>,
}

impl Share {
    pub(super) fn of(bounds: Arc<Bounds>) -> Share {
        let (admitted, bytes, part) = Default::default();
        Share(Some(Arc::new(Taken { bounds, admitted, bytes, part })))
    }

    /// The request is that tenant's: what it holds, and takes from now on, counts against the tenant's part, too. To be called before it
    /// is admitted and shared.
    ///
    /// # Errors
    /// As of [`Share::take`], where the part is held already.
    pub fn belongs_to(&self, tenant: TenantId) -> Result<(), Error> {
        let Some(taken) = &self.0 else { return Ok(()) };
        let Some(part) = taken.bounds.part(tenant) else { return Ok(()) };
        part.take_bytes(0, taken.bytes.load(Relaxed))?;
        if let Err(part) = taken.part.set(part) {
            part.give_back(0, taken.bytes.load(Relaxed));
        }
        Ok(())
    }

    /// Counts the request as one under way, and `bytes` more of memory for its work.
    ///
    /// # Errors
    /// `Overloaded`, at once, where there are too many; as of [`Share::take`].
    pub fn admit(&self, bytes: usize) -> Result<(), Error> {
        self.take(bytes)?;
        let Some(taken) = &self.0 else { return Ok(()) };
        // One request is counted once, however many steps ask for it.
        if !taken.admitted.load(Relaxed) {
            taken.take_request()?;
            taken.admitted.store(true, Relaxed);
        }
        Ok(())
    }

    /// Takes `bytes` more of the memory for requests; on an error none.
    ///
    /// # Errors
    /// `TooLarge` where this request would not fit if it were alone, `Overloaded` where it does not fit now.
    pub fn take(&self, bytes: usize) -> Result<(), Error> {
        let Some(taken) = &self.0 else { return Ok(()) };
        let held = taken.bytes.load(Relaxed);
        taken.bounds.take_bytes(held, bytes)?;
        if let Some(part) = taken.part.get() {
            part.take_bytes(held, bytes)
                .inspect_err(|_| taken.bounds.give_back(Held { requests: 0, bytes }))?;
        }
        taken.bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }

    /// A share of its own for one of several requests that came over one stream: with up to `bytes` of those this one
    /// holds.
    pub fn split(&self, bytes: usize) -> Share {
        let Some(taken) = &self.0 else { return Share(None) };
        let part = Share::of(taken.bounds.clone());
        let less = |held: usize| Some(held - held.min(bytes));
        let held = taken.bytes.fetch_update(Relaxed, Relaxed, less).unwrap_or_else(|held| held);
        if let Some(split) = &part.0 {
            split.bytes.store(held.min(bytes), Relaxed);
            if let Some(tenant) = taken.part.get() {
                // It is counted there already.
                let _ = split.part.set(tenant.clone());
            }
        }
        part
    }

    /// Bytes this share holds.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |taken| taken.bytes.load(Relaxed))
    }
}

impl Taken {
    fn take_request(&self) -> Result<(), Error> {
        self.bounds.take_request()?;
        if let Some(part) = self.part.get() {
            part.take_request().inspect_err(|_| self.bounds.give_back(Held { requests: 1, bytes: 0 }))?;
        }
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let requests = usize::from(*self.admitted.get_mut());
        let bytes = *self.bytes.get_mut();
        if let Some(part) = self.part.get() {
            part.give_back(requests, bytes);
        }
        self.bounds.give_back(Held { requests, bytes });
    }
}
