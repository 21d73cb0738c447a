//! The earliest and latest instant a partial date or time can mean.

use super::read::days_in_month;
use super::{Precision, Temporal, TemporalKind};

/// Which end of the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhirpath) enum End {
    Low,
    High,
}

/// UTC offsets farthest from each other: the earliest instant of a local time is in the east.
const EAST: i16 = 14 * 60;
const WEST: i16 = -12 * 60;

impl Temporal {
    /// The value with `digits` digits (as [`digits`](Self::digits) counts), what it does not say at its lowest or highest.
    /// `None` if there is no precision of so many digits.
    pub(in crate::fhirpath) fn boundary(mut self, end: End, digits: u32) -> Option<Temporal> {
        let time = self.kind == TemporalKind::Time;
        let digits = if time { digits.checked_add(8)? } else { digits };
        let (precision, fraction) = match digits {
            4 => (Precision::Year, 0),
            6 => (Precision::Month, 0),
            8 => (Precision::Day, 0),
            10 => (Precision::Hour, 0),
            12 => (Precision::Minute, 0),
            14..=23 => (Precision::Second, digits - 14),
            _ => return None,
        };
        if (time && precision < Precision::Hour)
            || (self.kind == TemporalKind::Date && precision > Precision::Day)
        {
            return None;
        }
        if end == End::High {
            self.fill_high();
        }
        self.cut(precision, fraction);
        if precision >= Precision::Hour && !time && self.offset.is_none() {
            self.offset = Some(if end == End::Low { EAST } else { WEST });
        }
        Some(self)
    }

    fn fill_high(&mut self) {
        if self.precision < Precision::Month {
            self.month = 12;
        }
        if self.precision < Precision::Day {
            self.day = days_in_month(self.year, self.month);
        }
        if self.precision < Precision::Hour {
            self.hour = 23;
        }
        // An hour alone keeps its minute 0: the specification's example makes `T08` end at `08:00:59.999`.
        if self.precision < Precision::Hour {
            self.minute = 59;
        }
        if self.precision < Precision::Second {
            self.second = 59;
        }
        let unit = 10_u32.pow(9 - u32::from(self.fraction_digits));
        self.nanosecond += unit - 1;
    }

    fn cut(&mut self, precision: Precision, fraction: u32) {
        self.precision = precision;
        self.fraction_digits = fraction as u8;
        let unit = 10_u32.pow(9 - fraction);
        self.nanosecond -= self.nanosecond % unit;
        if precision < Precision::Hour {
            self.offset = None;
        }
        *self = self.truncated();
    }
}
