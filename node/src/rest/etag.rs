//! Versions and times in headers.

use jiff::{
    Timestamp,
    fmt::rfc2822::{DateTimeParser, DateTimePrinter},
};

/// `W/"3"`
pub(super) fn weak(version_id: &str) -> String {
    format!("W/\"{version_id}\"")
}

/// Whether a list of ETags, or `*`, names the version. Compared weakly (RFC 9110, 13.1.2).
pub(super) fn any_matches(list: &str, version_id: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == version_id)
}

/// `Sat, 21 Nov 2026 01:35:32 GMT`
pub(super) fn http_date(ms: u64) -> Option<String> {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp(ms)?).ok()
}

/// Seconds since the epoch of an HTTP date; `None` where it is none, which RFC 9110 says to ignore.
pub(super) fn parse_http_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(Timestamp::as_second)
}

fn timestamp(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        assert!(any_matches("W/\"1\", \"3\"", "3"));
        assert!(any_matches("*", "3"));
        assert!(!any_matches("W/\"1\"", "3"));
    }

    #[test]
    fn dates() {
        assert_eq!(http_date(784_111_777_500).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
