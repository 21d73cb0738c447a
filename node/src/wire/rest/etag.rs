//! Versions and times in headers.

use std::time::{Duration, UNIX_EPOCH};

/// 9999-12-31T23:59:59Z, the last second that an HTTP date can say.
const SECONDS_MAX: u64 = 253_402_300_799;

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
    let seconds = Some(ms / 1000).filter(|seconds| *seconds <= SECONDS_MAX)?;
    Some(httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds)))
}

/// Seconds since the epoch of an HTTP date; `None` where it is none, which RFC 9110 says to ignore.
pub(super) fn parse_http_date(text: &str) -> Option<u64> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
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
        assert_eq!(http_date(u64::MAX), None);
        // All three formats that RFC 9110, 5.6.7 has every recipient read.
        for same in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse_http_date(same), Some(784_111_777), "{same}");
        }
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
