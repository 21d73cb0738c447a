//! Keeps searches from seeing half a transaction. A transaction over several partitions becomes visible partition by
//! partition, between its decision and its last Finish: its *window*. A search that looks into several partitions must
//! not look while a window is open, nor across its opening. Its coordinator has one open all the time; where another node
//! coordinates, this one sees only that parts are applied here, each of which is a window: who looks makes sure, besides,
//! that nothing decided is left unfinished in the rows here.
//!
//! Searches do not wait for windows as a rule: they note that none is open, search, and look again. Where transactions
//! come too thick for that, a search has them stand still for one moment.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The windows of this node.
#[derive(Debug, Default)]
pub struct Visibility {
    gate: RwLock<()>,
    opened: AtomicU64,
    closed: AtomicU64,
}

/// A transaction is becoming visible while this lives.
pub struct Window<'v> {
    visibility: &'v Visibility,
    _gate: RwLockReadGuard<'v, ()>,
}

/// A part becomes visible in the tables here while this lives.
#[derive(Debug)]
pub struct Showing(Arc<Visibility>);

/// A moment without open windows.
#[derive(Clone, Copy, Debug)]
pub struct Moment(u64);

impl Visibility {
    /// Opens a window; waits only for searches that have transactions stand still.
    pub async fn open(&self) -> Window<'_> {
        let gate = self.gate.read().await;
        self.opened.fetch_add(1, Ordering::SeqCst);
        Window { visibility: self, _gate: gate }
    }

    /// A window that nobody can hold back.
    pub fn show(self: &Arc<Self>) -> Showing {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Showing(self.clone())
    }

    /// `None` while a window is open.
    pub fn moment(&self) -> Option<Moment> {
        // Closed first: a window that opens in between makes the numbers differ.
        let closed = self.closed.load(Ordering::SeqCst);
        let opened = self.opened.load(Ordering::SeqCst);
        (opened == closed).then_some(Moment(opened))
    }

    /// Whether no window has opened since.
    pub fn is_still(&self, moment: Moment) -> bool {
        self.opened.load(Ordering::SeqCst) == moment.0
    }

    /// Waits until all windows are closed, and keeps new ones from opening while the guard lives.
    pub async fn stand_still(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }
}

impl Moment {
    /// As other nodes are told.
    pub fn number(self) -> u64 {
        self.0
    }

    /// From what they say.
    pub fn from_number(number: u64) -> Moment {
        Moment(number)
    }
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        self.visibility.closed.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_search_sees_that_a_window_opened_or_is_open() {
        let visibility = Visibility::default();
        let moment = visibility.moment().unwrap();
        assert!(visibility.is_still(moment));
        let window = visibility.open().await;
        assert!(visibility.moment().is_none() && !visibility.is_still(moment));
        drop(window);
        assert!(visibility.moment().is_some() && !visibility.is_still(moment));
    }

    #[tokio::test]
    async fn standing_still_waits_for_windows_and_holds_new_ones_back() {
        let visibility = Visibility::default();
        let window = visibility.open().await;
        let mut still = Box::pin(visibility.stand_still());
        assert!(futures::poll!(&mut still).is_pending());
        drop(window);
        let guard = still.await;
        let mut next = Box::pin(visibility.open());
        assert!(futures::poll!(&mut next).is_pending());
        drop(guard);
        next.await;
    }
}
