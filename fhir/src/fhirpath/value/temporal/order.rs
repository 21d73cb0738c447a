//! Which of two dates or times is earlier, if that can be said.

use super::{Precision, Temporal, TemporalKind};
use std::cmp::Ordering;

/// How two values of time stand to each other (<https://hl7.org/fhirpath/N1/#datetime-equality>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fhirpath) enum TemporalOrder {
    Known(Ordering),
    /// One is less precise than the other, or only one knows its zone, and what both know is equal.
    Unknown,
    /// A date and a time of day.
    Different,
}

/// How far apart, in seconds, two local times can be and still be the same instant: from -12:00 to +14:00.
const ZONE_SPAN_SECONDS: i64 = 26 * 3600;

impl Temporal {
    /// Compares part by part, from the year down, after moving both to UTC where both know their zone.
    pub(in crate::fhirpath) fn order(&self, other: &Temporal) -> TemporalOrder {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return TemporalOrder::Different;
        }
        let timed = self.precision >= Precision::Hour && other.precision >= Precision::Hour;
        match (self.offset, other.offset) {
            (Some(mine), Some(theirs)) if mine != theirs => self.parts_order(self.utc(), other, other.utc()),
            (Some(_), None) | (None, Some(_)) if timed => self.order_without_zone(other),
            _ => self.parts_order(self.parts(), other, other.parts()),
        }
    }

    /// Seconds since the year 0 as if UTC, and nanoseconds, for sorting and arithmetic.
    pub(super) fn local_seconds(&self) -> i64 {
        let days = days_before(self.year, self.month, self.day);
        days * 86_400 + i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    fn order_without_zone(&self, other: &Temporal) -> TemporalOrder {
        let (mine, theirs) = (self.local_seconds(), other.local_seconds());
        match (mine - theirs).abs() > ZONE_SPAN_SECONDS {
            true => TemporalOrder::Known(mine.cmp(&theirs)),
            false => TemporalOrder::Unknown,
        }
    }

    fn parts_order(&self, mine: [i64; 7], other: &Temporal, theirs: [i64; 7]) -> TemporalOrder {
        let common = self.precision.min(other.precision) as usize;
        let end = if common == Precision::Second as usize { 7 } else { common + 1 };
        match mine[..end].cmp(&theirs[..end]) {
            Ordering::Equal if self.precision != other.precision => TemporalOrder::Unknown,
            known => TemporalOrder::Known(known),
        }
    }

    fn parts(&self) -> [i64; 7] {
        [
            self.year.into(),
            self.month.into(),
            self.day.into(),
            self.hour.into(),
            self.minute.into(),
            self.second.into(),
            self.nanosecond.into(),
        ]
    }

    fn utc(&self) -> [i64; 7] {
        let seconds = self.local_seconds() - i64::from(self.offset.unwrap_or(0)) * 60;
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        [year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60, self.nanosecond.into()]
    }
}

/// Days since 0000-03-01, by counting years from March, so that the leap day is the last of its year.
fn days_before(year: i16, month: u8, day: u8) -> i64 {
    let (year, month) = (i64::from(year), i64::from(month));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (month * 153 + 2) / 5 + i64::from(day) - 1
}

/// The reverse of [`days_before`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}
