//! FHIR's `instant` and milliseconds since 1970-01-01T00:00:00Z.

const DAY_MS: u64 = 86_400_000;

/// Of a text such as `2026-01-01T08:30:00.250Z`; 0 where it is none.
pub(super) fn millis(text: &str) -> u64 {
    let number =
        |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<u64>().ok());
    let read = || {
        let day = day(number(0..4)?, number(5..7)?, number(8..10)?);
        let second = number(11..13)? * 3600 + number(14..16)? * 60 + number(17..19)?;
        Some(day * DAY_MS + second * 1000 + number(20..23).unwrap_or_default())
    };
    read().unwrap_or_default()
}

/// In UTC, with milliseconds.
pub(super) fn text(millis: u64) -> String {
    let mut day = millis / DAY_MS;
    let mut year = 1970;
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    let rest = millis % DAY_MS;
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", day + 1, rest % 1000)
}

/// Days since 1970-01-01 of a date after it.
fn day(year: u64, month: u64, day: u64) -> u64 {
    (1970..year).map(days_of).sum::<u64>() + (1..month).map(|month| days_in(year, month)).sum::<u64>() + day
        - 1
}

fn days_of(year: u64) -> u64 {
    365 + u64::from(is_leap(year))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(millis("2000-02-29T12:34:56.789Z"), 951_827_696_789);
        for instant in [0, 951_827_696_789, 1_795_224_932_500, 4_102_444_799_999] {
            assert_eq!(millis(&text(instant)), instant);
        }
        assert_eq!(millis("2000-02-29T12:34:56Z"), 951_827_696_000);
        assert_eq!(millis("soon"), 0);
    }
}
