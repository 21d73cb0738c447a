//! How old an answer may be.

use crate::session::Stale;
use http::HeaderMap;
use proto::{Code, Error, metadata::STALE};
use std::time::Duration;

/// More is a mistake.
const MAX_MS: u64 = 24 * 3600 * 1000;

/// What the headers (gRPC's metadata) allow; `None`: the answer is to be current.
///
/// # Errors
/// What is no time.
pub fn of(headers: &HeaderMap) -> Result<Option<Stale>, Error> {
    let Some(value) = headers.get(STALE) else { return Ok(None) };
    let ms = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|ms| *ms <= MAX_MS);
    let wrong = || {
        let text = format!("{STALE} is how old an answer may be, in milliseconds, up to {MAX_MS}: 5000");
        Error::new(Code::BadRequest, text)
    };
    Ok(Some(Stale::at_most(Duration::from_millis(ms.ok_or_else(wrong)?))))
}
