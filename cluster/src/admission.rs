//! What is let in: checked before a proposal reaches the log, never after.

use crate::error::ProposeError;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use storage::Shortage;
use storage::log::{Health, LogStore};
use tokio::sync::Notify;

/// What the tables and the disk's reserve lack; the log tells for itself.
#[derive(Default)]
struct Lacking {
    /// Less free disk than the reserve.
    reserve: bool,
    /// One for each group that waits to write its tables.
    waiting: Vec<Shortage>,
}

impl Lacking {
    fn what(&self) -> Option<Shortage> {
        self.waiting.last().copied().or(self.reserve.then_some(Shortage::Disk))
    }
}

/// While it lives, a group waits for what it says, and proposals are rejected.
pub(crate) struct Waiting {
    admission: Arc<Admission>,
    what: Shortage,
}

/// The node's admission of proposals.
pub(crate) struct Admission {
    log: Arc<dyn LogStore>,
    proposals_max: usize,
    bytes_max: usize,
    proposals: AtomicUsize,
    bytes: AtomicUsize,
    closed: AtomicBool,
    /// Whether anything is in `lacking`.
    lacks: AtomicBool,
    lacking: Mutex<Lacking>,
    idle: Notify,
}

/// One admitted proposal. Held until it is answered, even when nobody waits for the answer any more.
pub(crate) struct Permit {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Admission {
    pub(crate) fn new(log: Arc<dyn LogStore>, proposals_max: usize, bytes_max: usize) -> Arc<Self> {
        Arc::new(Admission {
            log,
            proposals_max,
            bytes_max,
            proposals: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            lacks: AtomicBool::new(false),
            lacking: Mutex::default(),
            idle: Notify::new(),
        })
    }

    /// Admits a proposal of `bytes`.
    pub(crate) fn admit(self: &Arc<Self>, bytes: usize) -> Result<Permit, ProposeError> {
        if self.lacks.load(Ordering::Relaxed)
            && let Some(what) = self.lacking.lock().what()
        {
            return Err(ProposeError::Short(what));
        }
        match self.log.health() {
            Health::Good => {}
            Health::Short(what) => return Err(ProposeError::Short(what)),
            Health::Failed(reason) => return Err(ProposeError::Unavailable(reason)),
        }
        let before = self.proposals.fetch_add(1, Ordering::AcqRel);
        let bytes_before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // From here on the permit gives back what was taken.
        let permit = Permit { admission: self.clone(), bytes };
        if self.closed.load(Ordering::Acquire) {
            return Err(ProposeError::Shutdown);
        }
        // One large proposal alone may exceed the bytes, or it could never be made.
        if before >= self.proposals_max || (before > 0 && bytes_before + bytes > self.bytes_max) {
            return Err(ProposeError::Overloaded);
        }
        Ok(permit)
    }

    /// Whether proposals are rejected because the system lacks something, or will be for good.
    pub(crate) fn is_short(&self) -> bool {
        self.lacks.load(Ordering::Relaxed) || self.log.health() != Health::Good
    }

    /// The log whose health counts.
    pub(crate) fn log(&self) -> &dyn LogStore {
        self.log.as_ref()
    }

    /// Whether less of the disk is free than its reserve.
    pub(crate) fn set_below_reserve(&self, below: bool) {
        self.change(|lacking| lacking.reserve = below);
    }

    /// Rejects proposals until the result is dropped.
    pub(crate) fn wait_for(self: &Arc<Self>, what: Shortage) -> Waiting {
        self.change(|lacking| lacking.waiting.push(what));
        Waiting { admission: self.clone(), what }
    }

    fn change(&self, change: impl FnOnce(&mut Lacking)) {
        let mut lacking = self.lacking.lock();
        let before = lacking.what();
        change(&mut lacking);
        let now = lacking.what();
        self.lacks.store(now.is_some(), Ordering::Relaxed);
        match now {
            _ if now == before => {}
            Some(what) => tracing::error!(%what, "writes are rejected, reads go on"),
            None => tracing::info!("nothing is lacking any more: writes go on"),
        }
    }

    /// Rejects all later proposals and waits for those in flight.
    pub(crate) async fn drain(&self) {
        self.closed.store(true, Ordering::Release);
        loop {
            let idle = self.idle.notified();
            if self.proposals.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.proposals.load(Ordering::Relaxed)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.admission.change(|lacking| {
            if let Some(at) = lacking.waiting.iter().position(|what| *what == self.what) {
                lacking.waiting.swap_remove(at);
            }
        });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if self.admission.proposals.fetch_sub(1, Ordering::AcqRel) == 1
            && self.admission.closed.load(Ordering::Acquire)
        {
            // Stored for a drain that is just about to wait.
            self.admission.idle.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::log::MemoryLog;

    #[tokio::test]
    async fn admits_up_to_its_limits_and_drains() {
        let admission = Admission::new(Arc::new(MemoryLog::immediate()), 2, 100);
        let large = admission.admit(1000).unwrap();
        assert_eq!(admission.admit(1).err(), Some(ProposeError::Overloaded));
        drop(large);
        let (one, two) = (admission.admit(10).unwrap(), admission.admit(10).unwrap());
        assert_eq!(admission.admit(10).err(), Some(ProposeError::Overloaded));
        drop(two);
        drop(one);
        let one = admission.admit(10).unwrap();
        let draining = tokio::spawn({
            let admission = admission.clone();
            async move { admission.drain().await }
        });
        drop(one);
        draining.await.unwrap();
        assert_eq!(admission.admit(10).err(), Some(ProposeError::Shutdown));
        assert_eq!(admission.in_flight(), 0);
    }

    #[test]
    fn rejects_while_anything_is_lacking() {
        let admission = Admission::new(Arc::new(MemoryLog::immediate()), 2, 100);
        let lacks = |what| assert_eq!(admission.admit(1).err(), Some(ProposeError::Short(what)));
        admission.set_below_reserve(true);
        lacks(Shortage::Disk);
        let one = admission.wait_for(Shortage::Descriptors);
        let two = admission.wait_for(Shortage::Descriptors);
        admission.set_below_reserve(false);
        lacks(Shortage::Descriptors);
        drop(one);
        lacks(Shortage::Descriptors);
        drop(two);
        assert!(admission.admit(1).is_ok());
    }
}
