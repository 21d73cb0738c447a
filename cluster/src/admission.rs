//! What is let in: checked before a proposal reaches the log, never after.

use crate::error::ProposeError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use storage::log::{Health, LogStore};
use tokio::sync::Notify;

/// The node's admission of proposals.
pub(crate) struct Admission {
    log: Arc<dyn LogStore>,
    proposals_max: usize,
    bytes_max: usize,
    proposals: AtomicUsize,
    bytes: AtomicUsize,
    closed: AtomicBool,
    /// Less free disk than the reserve, or tables that could not be written for lack of space.
    full: AtomicBool,
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
            full: AtomicBool::new(false),
            idle: Notify::new(),
        })
    }

    /// Admits a proposal of `bytes`.
    pub(crate) fn admit(self: &Arc<Self>, bytes: usize) -> Result<Permit, ProposeError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(ProposeError::StorageFull);
        }
        match self.log.health() {
            Health::Good => {}
            Health::Full => return Err(ProposeError::StorageFull),
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

    /// Whether the disk is too full to write.
    pub(crate) fn set_full(&self, full: bool) {
        if self.full.swap(full, Ordering::Relaxed) != full {
            if full {
                tracing::error!("the disk is full: writes are rejected, reads go on");
            } else {
                tracing::info!("there is disk space again: writes go on");
            }
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
        admission.set_full(true);
        assert_eq!(admission.admit(10).err(), Some(ProposeError::StorageFull));
        admission.set_full(false);
        let draining = tokio::spawn({
            let admission = admission.clone();
            async move { admission.drain().await }
        });
        drop(one);
        draining.await.unwrap();
        assert_eq!(admission.admit(10).err(), Some(ProposeError::Shutdown));
        assert_eq!(admission.in_flight(), 0);
    }
}
