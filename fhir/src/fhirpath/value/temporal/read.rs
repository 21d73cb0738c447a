//! Text into dates and times.

use super::{Precision, Temporal, TemporalKind};
use crate::resource::instant;

/// The farthest a time zone may be from UTC, in minutes.
const OFFSET_MAX: i16 = 14 * 60;

impl Temporal {
    const LOWEST: Temporal = Temporal {
        kind: TemporalKind::Date,
        precision: Precision::Year,
        fraction_digits: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        year: 1,
        offset: None,
        nanosecond: 0,
    };

    /// `2015`, `2015-02`, `2015-02-04`. `None` for anything else and for days that no calendar has.
    pub fn parse_date(text: &str) -> Option<Temporal> {
        let mut value = Self::LOWEST;
        let rest = value.read_date(text)?;
        rest.is_empty().then_some(value)
    }

    /// A date, or `2015-02-04T14:34:28.123+10:00` with the smaller parts left out, or a date with nothing after its `T`.
    pub fn parse_date_time(text: &str) -> Option<Temporal> {
        let mut value = Temporal { kind: TemporalKind::DateTime, ..Self::LOWEST };
        let rest = value.read_date(text)?;
        match rest.strip_prefix('T') {
            None => rest.is_empty().then_some(value),
            Some("") => Some(value),
            Some(time) if value.precision == Precision::Day => {
                let zone = value.read_time(time)?;
                value.offset = read_zone(zone)?;
                Some(value)
            }
            Some(_) => None,
        }
    }

    /// The instant so many milliseconds after 1970-01-01T00:00:00Z, in UTC; the last one of the year 9999 for all that are later.
    pub fn of_unix_ms(ms: u64) -> Temporal {
        Self::parse_date_time(&instant(ms)).expect("an instant is a date with time")
    }

    /// `14`, `14:34`, `14:34:28.123`.
    pub fn parse_time(text: &str) -> Option<Temporal> {
        let mut value = Temporal { kind: TemporalKind::Time, ..Self::LOWEST };
        let rest = value.read_time(text)?;
        rest.is_empty().then_some(value)
    }

    /// What is left after the date.
    fn read_date<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (year, mut rest) = digits(text, 4)?;
        self.year = i16::try_from(year).ok().filter(|&year| year > 0)?;
        for precision in [Precision::Month, Precision::Day] {
            let Some(part) = rest.strip_prefix('-') else { return Some(rest) };
            let (number, after) = digits(part, 2)?;
            match precision {
                Precision::Month => self.month = within(number, 1, 12)?,
                _ => self.day = within(number, 1, days_in_month(self.year, self.month))?,
            }
            self.precision = precision;
            rest = after;
        }
        Some(rest)
    }

    /// What is left after the time of day.
    fn read_time<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (hour, mut rest) = digits(text, 2)?;
        self.hour = within(hour, 0, 23)?;
        self.precision = Precision::Hour;
        for precision in [Precision::Minute, Precision::Second] {
            let Some(part) = rest.strip_prefix(':') else { return Some(rest) };
            let (number, after) = digits(part, 2)?;
            match precision {
                Precision::Minute => self.minute = within(number, 0, 59)?,
                // A leap second.
                _ => self.second = within(number, 0, 60)?,
            }
            self.precision = precision;
            rest = after;
        }
        match rest.strip_prefix('.') {
            None => Some(rest),
            Some(fraction) => self.read_fraction(fraction),
        }
    }

    /// Digits beyond the ninth are dropped.
    fn read_fraction<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let kept = length.min(9);
        let (number, _) = digits(text, kept)?;
        self.nanosecond = number * 10_u32.pow(9 - kept as u32);
        self.fraction_digits = kept as u8;
        Some(&text[length..])
    }
}

/// Minutes east of UTC of `Z`, `+10:00`, or nothing.
fn read_zone(text: &str) -> Option<Option<i16>> {
    let (sign, rest) = match text.as_bytes().first() {
        None => return Some(None),
        Some(b'Z') if text.len() == 1 => return Some(Some(0)),
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        Some(_) => return None,
    };
    let (hours, rest) = digits(rest, 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let offset = i16::from(within(hours, 0, 14)?) * 60 + i16::from(within(minutes, 0, 59)?);
    (rest.is_empty() && offset <= OFFSET_MAX).then_some(Some(sign * offset))
}

fn digits(text: &str, count: usize) -> Option<(u32, &str)> {
    let number = text.get(..count)?;
    let right = number.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| Some((number.parse().ok()?, &text[count..])))?
}

fn within(number: u32, low: u8, high: u8) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| (low..=high).contains(number))
}

/// 28 to 31.
pub(super) fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}
