//! Carries an outcome to the proposer, and its permit back to the admission.

use super::Types;
use crate::{
    admission::Permit,
    witness::{Outcome, Witness},
};
use openraft::{OptionalSend, raft::responder::Responder};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Dropped without an answer, it gives the permit back and the proposer learns that the outcome is unknown.
pub(crate) struct Reply<T> {
    to: Option<To<T>>,
    _permit: Permit,
}

enum To<T> {
    /// Somebody who waits.
    Caller(oneshot::Sender<T>),
    /// Something that keeps the outcome, and how it reads the library's answer.
    Witness(Arc<dyn Witness>, fn(T) -> Outcome),
}

impl<T> Reply<T> {
    pub(super) fn new(permit: Permit) -> (Self, oneshot::Receiver<T>) {
        let (to, outcome) = oneshot::channel();
        (Reply { to: Some(To::Caller(to)), _permit: permit }, outcome)
    }

    pub(super) fn witnessed(permit: Permit, witness: Arc<dyn Witness>, read: fn(T) -> Outcome) -> Self {
        Reply { to: Some(To::Witness(witness, read)), _permit: permit }
    }
}

impl<T: OptionalSend + 'static> Responder<Types, T> for Reply<T> {
    fn on_complete(mut self, result: T) {
        match self.to.take() {
            // The proposer may have gone.
            Some(To::Caller(to)) => drop(to.send(result)),
            Some(To::Witness(witness, read)) => witness.ended(read(result)),
            None => {}
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(To::Witness(witness, _)) = self.to.take() {
            witness.ended(Err(crate::ProposeError::stopped()));
        }
    }
}
