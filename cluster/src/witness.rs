//! Who learns what became of a proposal without having to wait for it.

use crate::error::ProposeError;
use storage::Applied;

/// What became of a proposal.
pub type Outcome = Result<Applied, ProposeError>;

/// Told the outcome of one proposal, exactly once, on the group's own task: it must not block. By then the proposal
/// is committed, durable, applied and seen by the observer, or the error says what is known.
pub trait Witness: Send + Sync {
    /// The proposal ended.
    fn ended(&self, outcome: Outcome);
}
