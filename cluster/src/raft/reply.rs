//! Carries an outcome to the proposer, and its permit back to the admission.

use super::Types;
use crate::admission::Permit;
use openraft::{OptionalSend, raft::responder::Responder};
use tokio::sync::oneshot;

/// Dropped without an answer, it gives the permit back and the proposer learns that the outcome is unknown.
pub(crate) struct Reply<T> {
    to: oneshot::Sender<T>,
    _permit: Permit,
}

impl<T> Reply<T> {
    pub(super) fn new(permit: Permit) -> (Self, oneshot::Receiver<T>) {
        let (to, outcome) = oneshot::channel();
        (Reply { to, _permit: permit }, outcome)
    }
}

impl<T: OptionalSend + 'static> Responder<Types, T> for Reply<T> {
    fn on_complete(self, result: T) {
        // The proposer may have gone.
        let _ = self.to.send(result);
    }
}
