//! What a patient's transaction was answered.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow, default)]
    entry: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    location: Option<Cow<'a, str>>,
}

/// The id of the first entry's resource. All of the `entries` must have been stored.
///
/// # Errors
/// An answer that says otherwise.
pub fn first_id(answer: &[u8], entries: u64) -> Result<String> {
    let bundle: Bundle<'_> = serde_json::from_slice(answer).context("a transaction's answer")?;
    if bundle.entry.len() as u64 != entries {
        bail!("{} entries were answered instead of {entries}", bundle.entry.len());
    }
    if let Some(entry) = bundle.entry.iter().find(|entry| !entry.response.status.starts_with('2')) {
        bail!("an entry was answered {}", entry.response.status);
    }
    let location = bundle.entry.first().and_then(|entry| entry.response.location.as_deref());
    let versionless = location.and_then(|location| location.split("/_history/").next());
    let id = versionless.and_then(|url| url.rsplit('/').next()).filter(|id| !id.is_empty());
    id.map(str::to_owned).context("the first entry was answered without a location")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entrys_id_where_all_were_stored() {
        let answer = |second: &str| {
            format!(
                r#"{{"resourceType":"Bundle","entry":[
                {{"response":{{"status":"201 Created","location":"Patient/p-1/_history/1","etag":"x"}}}},
                {{"response":{{"status":"{second}"}}}}]}}"#
            )
        };
        assert_eq!(first_id(answer("201 Created").as_bytes(), 2).ok().as_deref(), Some("p-1"));
        assert!(first_id(answer("404 Not Found").as_bytes(), 2).is_err());
        assert!(first_id(answer("201 Created").as_bytes(), 3).is_err());
        assert!(first_id(br#"{"entry":[{"response":{"status":"201"}}]}"#, 1).is_err());
        assert!(first_id(b"{}", 0).is_err());
    }
}
