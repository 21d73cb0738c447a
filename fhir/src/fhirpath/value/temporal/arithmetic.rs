//! Dates and times plus a duration (<https://hl7.org/fhirpath/N1/#datetime-arithmetic>).

use super::{Precision, Temporal, TemporalKind};
use crate::fhirpath::ast::CalendarUnit;
use jiff::{Span, civil};

impl Temporal {
    /// This value `count` units later, as precise as before: whole units of the smallest part it has are counted, the rest
    /// is dropped. `None` beyond the years 1 to 9999. A time of day starts again at midnight.
    pub(in crate::fhirpath) fn plus(self, count: i64, unit: CalendarUnit) -> Option<Temporal> {
        if self.kind == TemporalKind::Time {
            return self.time_plus(count, unit);
        }
        let (count, unit) = self.coarsen(count, unit);
        let span = match unit {
            CalendarUnit::Year => Span::new().try_years(count),
            CalendarUnit::Month => Span::new().try_months(count),
            CalendarUnit::Week => Span::new().try_weeks(count),
            CalendarUnit::Day => Span::new().try_days(count),
            CalendarUnit::Hour => Span::new().try_hours(count),
            CalendarUnit::Minute => Span::new().try_minutes(count),
            CalendarUnit::Second => Span::new().try_seconds(count),
            CalendarUnit::Millisecond => Span::new().try_milliseconds(count),
        };
        self.with_civil(self.civil()?.checked_add(span.ok()?).ok()?, unit)
    }

    fn civil(&self) -> Option<civil::DateTime> {
        let (month, day) = (self.month as i8, self.day as i8);
        // A leap second counts as the second before it, as on clocks that know none.
        let second = self.second.min(59) as i8;
        let nanosecond = i32::try_from(self.nanosecond).ok()?;
        civil::DateTime::new(self.year, month, day, self.hour as i8, self.minute as i8, second, nanosecond)
            .ok()
    }

    fn with_civil(self, sum: civil::DateTime, unit: CalendarUnit) -> Option<Temporal> {
        if sum.year() < 1 {
            return None;
        }
        // Milliseconds show in the result even where the value had none.
        let finer = unit == CalendarUnit::Millisecond && self.precision == Precision::Second;
        Some(
            Temporal {
                year: sum.year(),
                month: sum.month().unsigned_abs(),
                day: sum.day().unsigned_abs(),
                hour: sum.hour().unsigned_abs(),
                minute: sum.minute().unsigned_abs(),
                second: sum.second().unsigned_abs(),
                nanosecond: sum.subsec_nanosecond().unsigned_abs(),
                fraction_digits: if finer { self.fraction_digits.max(3) } else { self.fraction_digits },
                ..self
            }
            .truncated(),
        )
    }

    /// Parts beyond the precision at their lowest.
    pub(super) fn truncated(mut self) -> Temporal {
        if self.precision < Precision::Month {
            self.month = 1;
        }
        if self.precision < Precision::Day {
            self.day = 1;
        }
        if self.precision < Precision::Hour {
            self.hour = 0;
        }
        if self.precision < Precision::Minute {
            self.minute = 0;
        }
        if self.precision < Precision::Second {
            (self.second, self.nanosecond) = (0, 0);
        }
        self
    }

    /// The duration in units the value has. A month of a year counts 30 days, a year 365.
    fn coarsen(&self, count: i64, unit: CalendarUnit) -> (i64, CalendarUnit) {
        let smallest = match self.precision {
            Precision::Year => CalendarUnit::Year,
            Precision::Month => CalendarUnit::Month,
            Precision::Day => CalendarUnit::Day,
            Precision::Hour => CalendarUnit::Hour,
            Precision::Minute => CalendarUnit::Minute,
            Precision::Second => CalendarUnit::Millisecond,
        };
        if unit <= smallest {
            return (count, unit);
        }
        if unit == CalendarUnit::Month {
            return (count / 12, CalendarUnit::Year);
        }
        (milliseconds(unit).saturating_mul(count) / milliseconds(smallest), smallest)
    }

    fn time_plus(self, count: i64, unit: CalendarUnit) -> Option<Temporal> {
        if unit <= CalendarUnit::Day {
            return Some(self);
        }
        let (count, unit) = self.coarsen(count, unit);
        const DAY: i64 = 86_400_000;
        let passed = milliseconds(unit).checked_mul(count)?.rem_euclid(DAY);
        let moved = self.civil()?.checked_add(Span::new().milliseconds(passed)).ok()?;
        let sum = self.with_civil(moved, unit)?;
        Some(Temporal { year: 1, month: 1, day: 1, ..sum })
    }
}

fn milliseconds(unit: CalendarUnit) -> i64 {
    match unit {
        CalendarUnit::Year => 365 * 86_400_000,
        CalendarUnit::Month => 30 * 86_400_000,
        CalendarUnit::Week => 7 * 86_400_000,
        CalendarUnit::Day => 86_400_000,
        CalendarUnit::Hour => 3_600_000,
        CalendarUnit::Minute => 60_000,
        CalendarUnit::Second => 1000,
        CalendarUnit::Millisecond => 1,
    }
}
