//! What one validation may cost, counted: elements looked at, and everything FHIRPath does for invariants.

use std::cell::Cell;

/// What starting an evaluation costs, in steps of FHIRPath.
const EVALUATION: u64 = 8;

/// Steps left to a validation, shared with the walks aside of it and with the evaluations of its invariants.
pub(super) struct Steps(Cell<u64>);

impl Steps {
    pub fn new(max: u64) -> Self {
        Steps(Cell::new(max))
    }

    /// Takes so many steps; `false` when they are not left, and nothing else is then.
    pub fn pay(&self, steps: u64) -> bool {
        let left = self.0.get().saturating_sub(steps);
        self.0.set(left);
        left > 0
    }

    /// Whether there are none left.
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// The counter for an evaluation that is about to begin.
    pub fn for_evaluation(&self) -> &Cell<u64> {
        self.pay(EVALUATION);
        &self.0
    }
}
