//! <https://hl7.org/fhir/R4/search.html#uri>

use super::{Asked, Key};
use crate::naive::{select::Found, text::unescape};
use anyhow::bail;

pub fn holds(asked: Asked<'_>, found: &[Found<'_>]) -> anyhow::Result<bool> {
    let wanted = unescape(asked.value);
    let mut uris = found.iter().filter_map(Found::text);
    Ok(match asked.modifier {
        None => uris.any(|uri| uri == wanted),
        Some("below") => uris.any(|uri| uri.starts_with(&wanted)),
        Some("above") => uris.any(|uri| is_above(&uri, &wanted)),
        Some(other) => bail!("a uri takes no :{other}"),
    })
}

pub fn keys(found: &[Found<'_>]) -> Vec<Key> {
    found.iter().filter_map(Found::text).map(|uri| Key::Texts(vec![uri])).collect()
}

/// Whether `uri` is the start of a path that goes on in `asked`, whole segments of it.
fn is_above(uri: &str, asked: &str) -> bool {
    let is_whole = |rest: &str| rest.is_empty() || rest.starts_with('/') || uri.ends_with('/');
    uri == asked || uri.contains("://") && asked.strip_prefix(uri).is_some_and(is_whole)
}
