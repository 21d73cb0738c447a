//! What a condition on the values of one parameter says of itself. The predicate asks [`holds`](Condition::holds) of the kind
//! it knows; all else is asked once per search.

use super::index::{Interval, Lookup, Place};
use fhir::index::Value;

/// What may ask something of a value: a part of a condition that is made of others.
pub trait Part {
    /// What is asked.
    fn condition(&self) -> Option<&dyn Condition>;
}

/// A condition.
pub trait Condition {
    /// Whether a value fulfils it.
    fn holds(&self, value: Value<'_>) -> bool;

    /// What follows the parameter's code in the canonical text, see [`crate::Query::canonical`].
    ///
    /// # Errors
    /// For a condition whose meaning changes from moment to moment.
    fn canonical(&self) -> Result<String, proto::Error>;

    /// The text that each value that fulfils it has as its [`trace`](super::kept::trace); `None` where they differ.
    fn trace(&self) -> Option<&str> {
        None
    }

    /// The terms of documents that fulfil it.
    fn lookup(&self, place: Place) -> Lookup;

    /// Whether its terms may find others, too, so that the stored values of each have to be looked at.
    fn is_checked(&self) -> bool {
        false
    }

    /// The interval that one of a document's has to be in; `None` where terms say all.
    fn interval(&self) -> Option<Interval> {
        None
    }

    /// Intervals that narrow what has to be checked: of each list one of the document's is in one, and it need not fulfil the condition.
    fn bounds(&self) -> Vec<Vec<Interval>> {
        Vec::new()
    }

    /// How many single conditions it stands for.
    fn count(&self) -> usize {
        1
    }
}
