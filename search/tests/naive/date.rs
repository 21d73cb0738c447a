//! Moments, counted the slow way.

/// Minutes since the year 2000 began in Greenwich.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    pub const MIN: Moment = Moment(i64::MIN);
    pub const MAX: Moment = Moment(i64::MAX);

    /// The first moment that the text stands for, and the one after the last: whole minutes, as no text here has seconds
    /// that are not zero.
    pub fn span(text: &str) -> (Moment, Moment) {
        let (date, time) = text.split_once('T').unwrap_or((text, ""));
        let numbers: Vec<i64> = date.split('-').map(|part| part.parse().expect("a number")).collect();
        let (low, high) = match numbers[..] {
            [year] => (days(year, 1, 1), days(year + 1, 1, 1)),
            [year, 12] => (days(year, 12, 1), days(year + 1, 1, 1)),
            [year, month] => (days(year, month, 1), days(year, month + 1, 1)),
            [year, month, day] => (days(year, month, day), days(year, month, day) + 1),
            _ => panic!("no date: {text}"),
        };
        if time.is_empty() {
            return (Moment(low * MINUTES), Moment(high * MINUTES));
        }
        let (clock, rest) = time.split_at(5);
        let at = low * MINUTES + minutes(clock) - zone(rest.strip_prefix(":00").unwrap_or(rest));
        (Moment(at), Moment(at + 1))
    }
}

const MINUTES: i64 = 24 * 60;

fn minutes(text: &str) -> i64 {
    let (hours, minutes) = text.split_once(':').expect("hh:mm");
    hours.parse::<i64>().expect("hours") * 60 + minutes.parse::<i64>().expect("minutes")
}

fn zone(text: &str) -> i64 {
    match text.split_at(1) {
        ("Z", _) => 0,
        ("+", zone) => minutes(zone),
        ("-", zone) => -minutes(zone),
        _ => panic!("no zone: {text}"),
    }
}

/// Days since 2000-01-01, one by one; nobody here is older.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let of_month = |year: i64, month: i64| match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let years: i64 = (2000..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    years + (1..month).map(|month| of_month(year, month)).sum::<i64>() + day - 1
}
