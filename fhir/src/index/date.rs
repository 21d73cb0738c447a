//! Partial dates as intervals.

use thiserror::Error;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Not a FHIR date, dateTime or instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a date or time")]
pub struct InvalidDate;

/// The interval `[low, high)` a date, dateTime or instant stands for, in milliseconds since 1970 UTC: `2013` is the
/// whole year, `2013-01-14T10:00` the minute, `…:00.12` ten milliseconds. A time without a zone, and a date, are in UTC.
/// Digits beyond milliseconds are cut off. Seconds may be 60 (leap second) and then begin the next minute.
///
/// Accepts what <https://hl7.org/fhir/R4/search.html#date> allows: minutes may stand without seconds.
pub fn date_range(text: &str) -> Result<(i64, i64), InvalidDate> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.digits(4)?;
    if reader.0.is_empty() {
        return Ok((day(year, 1, 1) * DAY_MS, day(year + 1, 1, 1) * DAY_MS));
    }
    reader.need(b'-')?;
    let month = reader.digits(2)?;
    if !(1..=12).contains(&month) {
        return Err(InvalidDate);
    }
    if reader.0.is_empty() {
        let next = if month == 12 { day(year + 1, 1, 1) } else { day(year, month + 1, 1) };
        return Ok((day(year, month, 1) * DAY_MS, next * DAY_MS));
    }
    reader.need(b'-')?;
    let day_of_month = reader.digits(2)?;
    if !(1..=days_in(year, month)).contains(&day_of_month) {
        return Err(InvalidDate);
    }
    let midnight = day(year, month, day_of_month) * DAY_MS;
    if reader.0.is_empty() {
        return Ok((midnight, midnight + DAY_MS));
    }
    reader.need(b'T')?;
    let (since_midnight, precision) = reader.time()?;
    let low = midnight + since_midnight - reader.zone()?;
    Ok((low, low + precision))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
fn day(year: i64, month: i64, day_of_month: i64) -> i64 {
    // Years are counted from March, so that the leap day is the last one.
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    let (era, year_of_era) = (year_from_march.div_euclid(400), year_from_march.rem_euclid(400));
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Result<i64, InvalidDate> {
        let (digits, rest) = self.0.split_at_checked(count).ok_or(InvalidDate)?;
        let mut number = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(InvalidDate);
            }
            number = number * 10 + i64::from(digit - b'0');
        }
        self.0 = rest;
        Ok(number)
    }

    fn skip(&mut self, byte: u8) -> bool {
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn need(&mut self, byte: u8) -> Result<(), InvalidDate> {
        if self.skip(byte) { Ok(()) } else { Err(InvalidDate) }
    }

    /// Milliseconds since midnight, and the width of what is said.
    fn time(&mut self) -> Result<(i64, i64), InvalidDate> {
        let hour = self.digits(2)?;
        self.need(b':')?;
        let minute = self.digits(2)?;
        if hour > 23 || minute > 59 {
            return Err(InvalidDate);
        }
        let time = hour * HOUR_MS + minute * MINUTE_MS;
        if !self.skip(b':') {
            return Ok((time, MINUTE_MS));
        }
        let second = self.digits(2)?;
        if second > 60 {
            return Err(InvalidDate);
        }
        let time = time + second * SECOND_MS;
        if !self.skip(b'.') {
            return Ok((time, SECOND_MS));
        }
        let (fraction, precision) = self.fraction()?;
        Ok((time + fraction, precision))
    }

    fn fraction(&mut self) -> Result<(i64, i64), InvalidDate> {
        let (mut fraction, mut precision) = (0, SECOND_MS);
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(InvalidDate);
        }
        for digit in &self.0[..digits.min(3)] {
            precision /= 10;
            fraction += i64::from(digit - b'0') * precision;
        }
        self.0 = &self.0[digits..];
        Ok((fraction, precision))
    }

    /// Milliseconds the zone is ahead of UTC.
    fn zone(&mut self) -> Result<i64, InvalidDate> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let sign = match (self.skip(b'Z'), self.skip(b'+'), self.skip(b'-')) {
            (true, false, false) if self.0.is_empty() => return Ok(0),
            (false, true, false) => 1,
            (false, false, true) => -1,
            _ => return Err(InvalidDate),
        };
        let hour = self.digits(2)?;
        self.need(b':')?;
        let minute = self.digits(2)?;
        if hour > 14 || minute > 59 || !self.0.is_empty() {
            return Err(InvalidDate);
        }
        Ok(sign * (hour * HOUR_MS + minute * MINUTE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_zone_make_the_interval() {
        // The left sides were computed with `date -u -d … +%s%3N`.
        for (text, low, width) in [
            ("1970", 0, 365 * DAY_MS),
            ("2012", 1_325_376_000_000, 366 * DAY_MS),
            ("2012-02", 1_328_054_400_000, 29 * DAY_MS),
            ("2012-12", 1_354_320_000_000, 31 * DAY_MS),
            ("2013-01-14", 1_358_121_600_000, DAY_MS),
            ("2013-01-14T10:00", 1_358_157_600_000, MINUTE_MS),
            ("2013-01-14T10:00:00", 1_358_157_600_000, SECOND_MS),
            ("2013-01-14T10:00:00Z", 1_358_157_600_000, SECOND_MS),
            ("2013-01-14T10:00:00+02:00", 1_358_150_400_000, SECOND_MS),
            ("2013-01-14T10:00:00.5-05:00", 1_358_175_600_500, 100),
            ("2013-01-14T10:00:00.123456Z", 1_358_157_600_123, 1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000, SECOND_MS),
            ("0001-01-01", -62_135_596_800_000, DAY_MS),
            ("9999-12-31", 253_402_214_400_000, DAY_MS),
        ] {
            assert_eq!(date_range(text), Ok((low, low + width)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_an_error() {
        for text in [
            "",
            "20",
            "2013-",
            "2013-13",
            "2013-00",
            "2013-02-29",
            "2013-01-32",
            "2013-01-14T",
            "2013-01-14T10",
            "2013-01-14T24:00",
            "2013-01-14T10:60",
            "2013-01-14T10:00:61",
            "2013-01-14T10:00:00.",
            "2013-01-14T10:00:00X",
            "2013-01-14T10:00:00Z ",
            "2013-01-14T10:00:00+2",
            "2013-01-14T10:00:00ZZ",
            "2013-01-14 10:00",
            "١٩٧٠",
            "+013",
        ] {
            assert_eq!(date_range(text), Err(InvalidDate), "{text}");
        }
    }
}
