//! The number of matches, as far as it is told: all of it where it is asked for, else what is known without much looking.

use std::cell::Cell;

/// So many matches beside those of a page are counted where nobody asks for the number: less work than the page is.
const FEW: u64 = 1_000;

/// Whether the number of matches is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// Nothing is, whatever is known.
    Nothing,
    /// Where it costs little.
    Few,
    /// Exactly, whatever it costs.
    All,
}

/// Counts the matches of one search.
pub struct Tally {
    tell: Tell,
    number: Cell<u64>,
    /// Those that were counted beside what was looked at anyway.
    extra: Cell<u64>,
    is_known: Cell<bool>,
}

impl Tally {
    pub fn new(tell: Tell) -> Self {
        let (number, extra) = (Cell::new(0), Cell::new(0));
        Tally { tell, number, extra, is_known: Cell::new(tell != Tell::Nothing) }
    }

    /// Whether every match is counted, whatever it costs.
    pub fn is_of_all(&self) -> bool {
        self.tell == Tell::All
    }

    /// Whether there is still a number to be told.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.is_known.get()
    }

    /// Matches that were looked at anyway.
    #[inline]
    pub fn add(&self, matches: u64) {
        self.number.set(self.number.get() + matches);
    }

    /// A match that is looked at to be counted. Whether the next one is worth it.
    #[inline]
    pub fn add_extra(&self) -> bool {
        self.add(1);
        self.extra.set(self.extra.get() + 1);
        if self.extra.get() > FEW {
            self.leave();
        }
        self.is_open()
    }

    /// Some matches were not looked at.
    pub fn leave(&self) {
        if self.tell == Tell::Few {
            self.is_known.set(false);
        }
    }

    /// How many there are; `None`: nobody knows.
    pub fn told(&self) -> Option<u64> {
        self.is_known.get().then(|| self.number.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_counted_unasked_and_all_where_they_are_asked_for() {
        let told = |tell, extra| {
            let tally = Tally::new(tell);
            tally.add(5_000);
            while tally.is_open() && tally.number.get() < 5_000 + extra {
                tally.add_extra();
            }
            tally.told()
        };
        assert_eq!(told(Tell::Few, FEW), Some(6_000));
        assert_eq!(told(Tell::Few, FEW + 1), None);
        assert_eq!(told(Tell::All, 2 * FEW), Some(7_000));
        assert_eq!(told(Tell::Nothing, 1), None);
        let left = [Tell::Few, Tell::All].map(|tell| {
            let tally = Tally::new(tell);
            tally.leave();
            tally.told()
        });
        assert_eq!(left, [None, Some(0)]);
    }
}
