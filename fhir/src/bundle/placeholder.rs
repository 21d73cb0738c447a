//! References to entries that are not there.

use super::{Bundle, Error, Place, references};
use hashbrown::HashSet;
use std::collections::hash_map::RandomState;

impl Bundle<'_> {
    /// Refuses a `Reference.reference` by `urn:uuid:` or `urn:oid:` that no entry's fullUrl answers to: stored, it would
    /// point nowhere for ever. Other uris and links in narratives may be urns in their own right.
    pub fn refuse_dangling(&self) -> Result<(), Error> {
        let full_urls: HashSet<&str, RandomState> =
            self.entries.iter().filter_map(|entry| entry.full_url.as_deref()).collect();
        for (position, entry) in self.entries.iter().enumerate() {
            let Some(resource) = entry.resource else { continue };
            let found = references(resource).into_iter();
            for reference in found.filter(|one| one.place == Place::Reference && one.is_placeholder()) {
                let identity = reference.text.split('#').next().unwrap_or_default();
                if !full_urls.contains(identity) {
                    return Err(Error::Dangling {
                        path: format!("Bundle.entry[{position}].resource"),
                        reference: reference.text.chars().take(80).collect(),
                    });
                }
            }
        }
        Ok(())
    }
}
