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
    /// They overlap: `po` of filters, which no value is written with.
    Overlaps,
}

impl Prefix {
    /// All that values are written with.
    pub const ALL: [Prefix; 9] = [
        Prefix::Eq,
        Prefix::Ne,
        Prefix::Gt,
        Prefix::Lt,
        Prefix::Ge,
        Prefix::Le,
        Prefix::Sa,
        Prefix::Eb,
        Prefix::Ap,
    ];

    /// As it is written.
    pub fn code(self) -> &'static str {
        match self {
            Prefix::Eq => "eq",
            Prefix::Ne => "ne",
            Prefix::Gt => "gt",
            Prefix::Lt => "lt",
            Prefix::Ge => "ge",
            Prefix::Le => "le",
            Prefix::Sa => "sa",
            Prefix::Eb => "eb",
            Prefix::Ap => "ap",
            Prefix::Overlaps => "po",
        }
    }

    /// Splits the prefix off a value, if it is one of those; `eq` where there is none.
    pub fn split<'v>(value: &'v str, taken: &[Prefix]) -> (Prefix, &'v str) {
        let written = taken.iter().find(|prefix| value.starts_with(prefix.code()));
        written.map_or((Prefix::Eq, value), |prefix| (*prefix, &value[2..]))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
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
            Prefix::Ap | Prefix::Overlaps => low < self.high && high > self.low,
        }
    }

    /// What follows the parameter's code in the canonical text.
    pub(super) fn canonical(&self) -> String {
        format!(" {} {}..{}", self.prefix, self.low, self.high)
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
            (Prefix::Overlaps, [true, true, false, false, true, true, true]),
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
        assert_eq!(Prefix::split("ge2020", &Prefix::ALL), (Prefix::Ge, "2020"));
        assert_eq!(Prefix::split("2020", &Prefix::ALL), (Prefix::Eq, "2020"));
        assert_eq!(Prefix::split("é", &Prefix::ALL), (Prefix::Eq, "é"));
        assert_eq!(Prefix::split("ge2020", &[Prefix::Eq]), (Prefix::Eq, "ge2020"));
    }
}
