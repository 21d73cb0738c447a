//! Ordered values are intervals, and a search value is one too: https://hl7.org/fhir/R4/search.html#prefix
//!
//! All intervals are half open, in the orderable integers of the index values: milliseconds for dates, the encoding of
//! `fhir::index` for numbers. A number without a range of its own is `[v, v + 1)`.

use std::fmt;

/// A comparison prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// `eq`: the value is contained in the search value's range.
    Eq,
    /// `ne`: it is not.
    Ne,
    /// `gt`: some of it is above.
    Gt,
    /// `lt`: some of it is below.
    Lt,
    /// `ge`: above, or contained.
    Ge,
    /// `le`: below, or contained.
    Le,
    /// `sa`: all of it is above.
    Sa,
    /// `eb`: all of it is below.
    Eb,
    /// `ap`: they overlap, about.
    Ap,
}

impl Prefix {
    /// Splits the prefix off a value; `eq` where there is none.
    pub fn split(value: &str) -> (Prefix, &str) {
        let prefix = match value.get(..2) {
            Some("eq") => Prefix::Eq,
            Some("ne") => Prefix::Ne,
            Some("gt") => Prefix::Gt,
            Some("lt") => Prefix::Lt,
            Some("ge") => Prefix::Ge,
            Some("le") => Prefix::Le,
            Some("sa") => Prefix::Sa,
            Some("eb") => Prefix::Eb,
            Some("ap") => Prefix::Ap,
            _ => return (Prefix::Eq, value),
        };
        (prefix, &value[2..])
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", format!("{self:?}").to_lowercase())
    }
}

/// A prefix and the search value's interval, prepared. For `Ap` the interval is already widened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// How to compare.
    pub prefix: Prefix,
    /// The first value inside.
    pub low: i64,
    /// The first value above.
    pub high: i64,
}

impl Comparison {
    /// Whether a value with the interval `[low, high)` fulfils it.
    #[inline]
    pub fn holds(&self, low: i64, high: i64) -> bool {
        let within = self.low <= low && high <= self.high;
        match self.prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => high > self.high,
            Prefix::Lt => low < self.low,
            Prefix::Ge => high > self.high || within,
            Prefix::Le => low < self.low || within,
            Prefix::Sa => low >= self.high,
            Prefix::Eb => high <= self.low,
            Prefix::Ap => low < self.high && high > self.low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_specification() {
        // The search value is the day [100, 200).
        let day = |prefix| Comparison { prefix, low: 100, high: 200 };
        let table = [
            // inside, the same, before, after, over the end, over the start, around
            (Prefix::Eq, [true, true, false, false, false, false, false]),
            (Prefix::Ne, [false, false, true, true, true, true, true]),
            (Prefix::Gt, [false, false, false, true, true, false, true]),
            (Prefix::Lt, [false, false, true, false, false, true, true]),
            (Prefix::Ge, [true, true, false, true, true, false, true]),
            (Prefix::Le, [true, true, true, false, false, true, true]),
            (Prefix::Sa, [false, false, false, true, false, false, false]),
            (Prefix::Eb, [false, false, true, false, false, false, false]),
            (Prefix::Ap, [true, true, false, false, true, true, true]),
        ];
        let values = [(120, 130), (100, 200), (10, 100), (200, 300), (150, 250), (50, 150), (50, 250)];
        for (prefix, expected) in table {
            for ((low, high), expected) in values.into_iter().zip(expected) {
                assert_eq!(day(prefix).holds(low, high), expected, "{prefix} [{low}, {high})");
            }
        }
    }

    #[test]
    fn a_point_is_an_interval() {
        let exactly = |prefix| Comparison { prefix, low: 5, high: 6 };
        assert!(exactly(Prefix::Gt).holds(6, 7) && !exactly(Prefix::Gt).holds(5, 6));
        assert!(exactly(Prefix::Ge).holds(5, 6) && !exactly(Prefix::Ge).holds(4, 5));
        assert!(exactly(Prefix::Le).holds(5, 6) && !exactly(Prefix::Le).holds(6, 7));
    }

    #[test]
    fn splits_prefixes() {
        assert_eq!(Prefix::split("ge2020"), (Prefix::Ge, "2020"));
        assert_eq!(Prefix::split("2020"), (Prefix::Eq, "2020"));
        assert_eq!(Prefix::split("é"), (Prefix::Eq, "é"));
    }
}
