//! Dates and times (<https://hl7.org/fhir/R4/datatypes.html#dateTime>).

use super::Expected;

type Result = std::result::Result<(), Expected>;

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub(super) fn date(value: &str) -> Result {
    match Reader(value.as_bytes()).date() {
        Some((_, rest)) if rest.0.is_empty() => Ok(()),
        _ => Err("a date: YYYY, YYYY-MM or YYYY-MM-DD, with a day the month has".into()),
    }
}

/// A date, or a date with seconds and zone.
pub(super) fn date_time(value: &str) -> Result {
    match Reader(value.as_bytes()).date() {
        Some((_, rest)) if rest.0.is_empty() => Ok(()),
        Some((Precision::Day, rest)) if rest.time_and_zone() => Ok(()),
        _ => Err("a dateTime: a date, or YYYY-MM-DDThh:mm:ss with a zone (Z or ±hh:mm)".into()),
    }
}

/// Date, seconds and zone.
pub(super) fn instant(value: &str) -> Result {
    match Reader(value.as_bytes()).date() {
        Some((Precision::Day, rest)) if rest.time_and_zone() => Ok(()),
        _ => Err("an instant: YYYY-MM-DDThh:mm:ss with a zone (Z or ±hh:mm)".into()),
    }
}

/// `hh:mm:ss` with or without fraction.
pub(super) fn time(value: &str) -> Result {
    match Reader(value.as_bytes()).time() {
        Some(Reader([])) => Ok(()),
        _ => Err("a time: hh:mm:ss, without zone".into()),
    }
}

#[derive(PartialEq)]
enum Precision {
    Year,
    Month,
    Day,
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t [u8]);

impl<'t> Reader<'t> {
    fn digits(self, count: usize) -> Option<(u32, Reader<'t>)> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let push =
            |number: u32, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'));
        Some((digits.iter().try_fold(0, push)?, Reader(rest)))
    }

    fn byte(self, wanted: u8) -> Option<Reader<'t>> {
        self.0.split_first().filter(|(first, _)| **first == wanted).map(|(_, rest)| Reader(rest))
    }

    fn date(self) -> Option<(Precision, Reader<'t>)> {
        let (year, rest) = self.digits(4)?;
        if year == 0 {
            return None;
        }
        let Some(rest) = rest.byte(b'-') else { return Some((Precision::Year, rest)) };
        let (month, rest) = rest.digits(2)?;
        if !(1..=12).contains(&month) {
            return None;
        }
        let Some(rest) = rest.byte(b'-') else { return Some((Precision::Month, rest)) };
        let (day, rest) = rest.digits(2)?;
        (1..=days_in(year, month)).contains(&day).then_some((Precision::Day, rest))
    }

    fn time(self) -> Option<Reader<'t>> {
        let (hour, rest) = self.digits(2)?;
        let (minute, rest) = rest.byte(b':')?.digits(2)?;
        let (second, rest) = rest.byte(b':')?.digits(2)?;
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let Some(fraction) = rest.byte(b'.') else { return Some(rest) };
        let digits = fraction.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (digits > 0).then(|| Reader(&fraction.0[digits..]))
    }

    fn time_and_zone(self) -> bool {
        let zone = self.byte(b'T').and_then(Reader::time);
        zone.is_some_and(|zone| zone.0 == b"Z" || zone.offset().is_some_and(|rest| rest.0.is_empty()))
    }

    fn offset(self) -> Option<Reader<'t>> {
        let (hour, rest) = self.byte(b'+').or_else(|| self.byte(b'-'))?.digits(2)?;
        let (minute, rest) = rest.byte(b':')?.digits(2)?;
        (hour < 14 && minute < 60 || hour == 14 && minute == 0).then_some(rest)
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&str) -> Result, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert_eq!(rule(text), Ok(()), "{text:?}"));
        bad.iter().for_each(|text| assert!(rule(text).is_err(), "{text:?}"));
    }

    #[test]
    fn dates() {
        check(
            date,
            &["2012", "2012-02", "2012-02-29", "2000-02-29", "1900-12-31"],
            &[
                "0000",
                "12",
                "2012-",
                "2012-13",
                "2012-2",
                "2013-02-29",
                "1900-02-29",
                "2012-04-31",
                "2012-01-00",
                "2012-01-01Z",
                "2012-01-01T00:00:00Z",
                "２０１２",
            ],
        );
    }

    #[test]
    fn times() {
        check(
            time,
            &["00:00:00", "23:59:60", "12:00:00.001"],
            &["24:00:00", "12:00", "12:60:00", "12:00:00.", "12:00:00Z"],
        );
        let moments =
            ["2012-01-01T00:00:00Z", "2012-01-01T23:59:60.123456789+14:00", "2012-01-01T00:00:00-05:30"];
        check(
            instant,
            &moments,
            &["2012", "2012-01-01", "2012-01-01T00:00:00", "2012-01-01T00:00Z", "2012-01-01T00:00:00+15:00"],
        );
        check(
            date_time,
            &moments,
            &[
                "2012-01T00:00:00Z",
                "2012-01-01T00:00:00",
                "2012-01-01T00:00Z",
                "2012-01-01 00:00:00Z",
                "2012-01-01T00:00:00+14:30",
            ],
        );
        check(date_time, &["2012", "2012-01", "2012-01-01"], &["", "2012-01-01T"]);
    }
}
