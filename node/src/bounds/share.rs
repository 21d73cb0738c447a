//! What one request holds.

use super::{Bounds, Held};
use proto::Error;
use std::sync::{
    Arc,
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
}

impl Share {
    pub(super) fn of(bounds: Arc<Bounds>) -> Share {
        Share(Some(Arc::new(Taken { bounds, admitted: AtomicBool::new(false), bytes: AtomicUsize::new(0) })))
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
            taken.bounds.take_request()?;
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
        taken.bounds.take_bytes(taken.bytes.load(Relaxed), bytes)?;
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
        if let Some(part) = &part.0 {
            part.bytes.store(held.min(bytes), Relaxed);
        }
        part
    }

    /// Bytes this share holds.
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |taken| taken.bytes.load(Relaxed))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let requests = usize::from(*self.admitted.get_mut());
        self.bounds.give_back(Held { requests, bytes: *self.bytes.get_mut() });
    }
}
