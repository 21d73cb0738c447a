//! Dates without a clock: days since 1970-01-01, seconds since 1970-01-01T00:00:00Z.

use std::fmt;

pub(super) const DAY_SECONDS: i64 = 86_400;

/// 2026-01-01, the day on which the generated world ends.
pub(super) const TODAY: i64 = 20_454;

/// Shown as a FHIR `date`, `2026-01-01`.
#[derive(Clone, Copy)]
pub(super) struct Date(pub(super) i64);

/// Shown as a FHIR `dateTime` and `instant`, `2026-01-01T08:30:00Z`.
#[derive(Clone, Copy)]
pub(super) struct Instant(pub(super) i64);

/// Year, month, day of the proleptic Gregorian calendar (Howard Hinnant's algorithm).
fn civil(day: i64) -> (i64, i64, i64) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0.rem_euclid(DAY_SECONDS);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{:02}Z", Date(self.0.div_euclid(DAY_SECONDS)), second % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(Date(0).to_string(), "1970-01-01");
        assert_eq!(Date(TODAY).to_string(), "2026-01-01");
        assert_eq!(Date(11_016).to_string(), "2000-02-29");
        assert_eq!(Date(-1).to_string(), "1969-12-31");
        assert_eq!(Instant(-1).to_string(), "1969-12-31T23:59:59Z");
        assert_eq!(Instant(951_827_696).to_string(), "2000-02-29T12:34:56Z");
    }
}
