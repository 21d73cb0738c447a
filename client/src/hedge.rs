//! A second attempt beside a slow one.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

/// What a hedge takes of what calls bring in.
const PRICE: u32 = 10;
/// No more is saved up: so many hedges may follow one another.
const SAVED_MAX: u32 = 10 * PRICE;

/// After which time, and how many: one for each ten calls.
#[derive(Debug)]
pub(crate) struct Hedge {
    pub(crate) after: Duration,
    saved: AtomicU32,
}

impl Hedge {
    /// The first may be at once.
    pub(crate) fn new(after: Duration) -> Hedge {
        Hedge { after, saved: AtomicU32::new(PRICE) }
    }

    /// A call begins that may be hedged.
    pub(crate) fn earn(&self) {
        let _ = self.saved.fetch_update(Relaxed, Relaxed, |saved| (saved < SAVED_MAX).then_some(saved + 1));
    }

    /// Whether one more may go out.
    pub(crate) fn spend(&self) -> bool {
        self.saved.fetch_update(Relaxed, Relaxed, |saved| saved.checked_sub(PRICE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_calls_is_hedged_and_ten_are_saved_up() {
        let hedge = Hedge::new(Duration::ZERO);
        let mut hedged = 0;
        for _ in 0..1000 {
            hedge.earn();
            hedged += u32::from(hedge.spend());
        }
        assert_eq!(hedged, 101);
        (0..1000).for_each(|_| hedge.earn());
        assert_eq!((0..50).filter(|_| hedge.spend()).count(), 10);
    }
}
