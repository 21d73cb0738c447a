//! Two entries of a transaction must not be the same thing.

use super::{Entry, Error, Method, Target};
use hashbrown::HashMap;
use std::{borrow::Cow, collections::hash_map::RandomState};

/// Refuses a fullUrl used twice, and a resource that two entries change.
pub(super) fn refuse_repeated(entries: &[Entry<'_>]) -> Result<(), Error> {
    // Keys are the client's: a keyed hash keeps chosen collisions out. Nothing iterates the maps.
    let mut full_urls: HashMap<&str, usize, RandomState> = HashMap::default();
    let mut identities: HashMap<Cow<'_, str>, usize, RandomState> = HashMap::default();
    for (second, entry) in entries.iter().enumerate() {
        if let Some(full_url) = &entry.full_url
            && let Some(first) = full_urls.insert(full_url, second)
        {
            return Err(Error::SameFullUrl { full_url: full_url.to_string(), first, second });
        }
        let Some(identity) = changed(entry) else { continue };
        if let Some(first) = identities.insert(identity.clone().into(), second) {
            return Err(Error::SameResource { identity, first, second });
        }
    }
    Ok(())
}

/// `Type/id` of the resource the entry changes, where the url names it.
fn changed(entry: &Entry<'_>) -> Option<String> {
    if !matches!(entry.method, Method::Put | Method::Patch | Method::Delete) {
        return None;
    }
    match Target::parse(&entry.url) {
        Ok(Target::Instance { resource_type, id }) => Some(format!("{resource_type}/{id}")),
        _ => None,
    }
}
