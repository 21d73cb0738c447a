//! What numbers an option may have.

use std::{
    fmt::Display,
    ops::{Bound, RangeBounds},
};

/// More than a day is a mistake in the unit, and some clocks of the libraries below overflow in the end.
pub(super) const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// An option with a value and a range.
pub(super) struct Bounded {
    pub name: &'static str,
    pub value: String,
    /// `1 to 256`
    pub allowed: String,
    pub fits: bool,
}

impl Bounded {
    pub(super) fn new<T: PartialOrd + Display>(
        name: &'static str,
        value: &T,
        range: impl RangeBounds<T>,
    ) -> Bounded {
        Bounded { name, value: value.to_string(), allowed: told(&range), fits: range.contains(value) }
    }
}

fn told<T: Display>(range: &impl RangeBounds<T>) -> String {
    let bound = |bound: Bound<&T>| match bound {
        Bound::Included(limit) | Bound::Excluded(limit) => Some(limit.to_string()),
        Bound::Unbounded => None,
    };
    match (bound(range.start_bound()), bound(range.end_bound())) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("{least} and above"),
        (None, Some(most)) => format!("up to {most}"),
        (None, None) => "anything".to_owned(),
    }
}
