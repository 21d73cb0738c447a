//! FHIR's `instant`: <https://hl7.org/fhir/R4/datatypes.html#instant>.
//!
//! Days are counted as Howard Hinnant describes in "chrono-compatible low-level date algorithms": years begin in
//! March, so that the leap day is the last one.

const DAY_MS: u64 = 86_400_000;

/// The last millisecond of the year 9999, beyond which FHIR cannot write.
const LAST_MS: u64 = 253_402_300_799_999;

/// Length of what [`instant`] writes.
pub(crate) const INSTANT_LEN: usize = 24;

/// `2026-11-21T01:35:32.123Z` for milliseconds since 1970; later than the year 9999 gives its last instant.
pub fn instant(ms: u64) -> String {
    instant_bytes(ms).iter().map(|byte| char::from(*byte)).collect()
}

pub(crate) fn instant_bytes(ms: u64) -> [u8; INSTANT_LEN] {
    let ms = ms.min(LAST_MS);
    let (year, month, day) = date_of(ms / DAY_MS);
    let of_day = ms % DAY_MS;
    let mut out = *b"0000-00-00T00:00:00.000Z";
    digits(&mut out[0..4], year);
    digits(&mut out[5..7], month);
    digits(&mut out[8..10], day);
    digits(&mut out[11..13], of_day / 3_600_000);
    digits(&mut out[14..16], of_day / 60_000 % 60);
    digits(&mut out[17..19], of_day / 1_000 % 60);
    digits(&mut out[20..23], of_day % 1_000);
    out
}

fn digits(out: &mut [u8], mut number: u64) {
    for place in out.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day of a count of days since 1970-01-01.
fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Days since 1970-01-01, negative before.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Milliseconds since 1970 of an instant in FHIR's form, with seconds and a time zone; further digits of the fraction
/// are dropped. `None` if the text is no instant, or before 1970.
pub fn parse_instant(text: &str) -> Option<u64> {
    let (date_time, rest) = text.as_bytes().split_at_checked(19)?;
    let [year, month, day] =
        [number(&date_time[0..4])?, number(&date_time[5..7])?, number(&date_time[8..10])?];
    let [hour, minute, second] =
        [number(&date_time[11..13])?, number(&date_time[14..16])?, number(&date_time[17..19])?];
    let separators = [date_time[4], date_time[7], date_time[10], date_time[13], date_time[16]];
    let in_range = (1..=12).contains(&month) && hour <= 23 && minute <= 59 && second <= 60;
    if separators != *b"--T::" || !in_range || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let (fraction_ms, zone) = fraction(rest)?;
    let seconds =
        days_of(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(zone)? * 60;
    u64::try_from(seconds * 1_000 + fraction_ms).ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// Milliseconds of a fraction such as `.12345`, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let shown = number(&digits[..length.min(3)])?;
    match length {
        0 => None,
        1 => Some((shown * 100, &digits[length..])),
        2 => Some((shown * 10, &digits[length..])),
        _ => Some((shown, &digits[length..])),
    }
}

/// Minutes east of Greenwich.
fn offset(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(&zone[1..3])?, number(&zone[4..6])?);
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}
