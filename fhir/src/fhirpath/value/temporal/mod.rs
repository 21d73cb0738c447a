//! Dates, dates with time, and times of day, each as precise as it was written.

mod arithmetic;
mod boundary;
mod order;
mod read;

use std::fmt;

pub(in crate::fhirpath) use boundary::End;
pub(in crate::fhirpath) use order::TemporalOrder;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporalKind {
    Date,
    DateTime,
    Time,
}

/// The smallest part a value has. Fractions belong to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A Date, DateTime or Time. Parts beyond the precision hold their lowest value.
#[derive(Clone, Copy, Debug)]
pub struct Temporal {
    kind: TemporalKind,
    precision: Precision,
    /// Digits of the fraction of the second, 0 to 9.
    fraction_digits: u8,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    year: i16,
    /// Minutes east of UTC.
    offset: Option<i16>,
    nanosecond: u32,
}

impl Temporal {
    pub fn kind(&self) -> TemporalKind {
        self.kind
    }

    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Minutes east of UTC, if the value says so.
    pub fn offset_minutes(&self) -> Option<i16> {
        self.offset
    }

    /// Year, month and day, as far as the value is precise; `None` for a time of day.
    pub fn date(&self) -> Option<(i16, Option<u8>, Option<u8>)> {
        let month = (self.precision >= Precision::Month).then_some(self.month);
        let day = (self.precision >= Precision::Day).then_some(self.day);
        (self.kind != TemporalKind::Time).then_some((self.year, month, day))
    }

    /// The date of a date with time; a date itself.
    pub(in crate::fhirpath) fn to_date(self) -> Option<Temporal> {
        let precision = self.precision.min(Precision::Day);
        let midnight = Temporal {
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            fraction_digits: 0,
            offset: None,
            ..self
        };
        (self.kind != TemporalKind::Time).then_some(Temporal {
            kind: TemporalKind::Date,
            precision,
            ..midnight
        })
    }

    /// A date as a date with time of the same precision.
    pub(in crate::fhirpath) fn to_date_time(self) -> Option<Temporal> {
        (self.kind != TemporalKind::Time).then_some(Temporal { kind: TemporalKind::DateTime, ..self })
    }

    /// The time of day of a date with time; `None` if it has none.
    pub(in crate::fhirpath) fn to_time(self) -> Option<Temporal> {
        let time = Temporal { kind: TemporalKind::Time, year: 1, month: 1, day: 1, offset: None, ..self };
        (self.precision >= Precision::Hour).then_some(time)
    }

    /// How many digits the value is written with: 4 for a year, 17 for a date with time to the millisecond.
    pub(in crate::fhirpath) fn digits(&self) -> u32 {
        let whole = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14 + u32::from(self.fraction_digits),
        };
        if self.kind == TemporalKind::Time { whole - 8 } else { whole }
    }

    fn fmt_date(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.precision >= Precision::Month {
            write!(f, "-{:02}", self.month)?;
        }
        if self.precision >= Precision::Day {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }

    fn fmt_time(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.hour)?;
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second)?;
        }
        if self.fraction_digits > 0 {
            let digits = usize::from(self.fraction_digits);
            write!(f, ".{}", &format!("{:09}", self.nanosecond)[..digits])?;
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// As FHIR writes it: `2015-02`, `2015-02-04T14:34:28.123+10:00`, `14:34`.
impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == TemporalKind::Time {
            return self.fmt_time(f);
        }
        self.fmt_date(f)?;
        if self.precision >= Precision::Hour {
            f.write_str("T")?;
            self.fmt_time(f)?;
        }
        Ok(())
    }
}
