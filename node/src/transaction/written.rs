//! What conditional references name once the bundle is stored: they are resolved last, so they may name what its entries create or change, and
//! no longer what they delete or change to something else. <https://hl7.org/fhir/R4/http.html#trules>

use super::{identity::Identity, target};
use crate::{interaction::conditional::Named, session::Session};
use bytes::Bytes;
use fhir::{
    bundle::{Bundle, Entry, Method, Target},
    definitions::ResourceType,
};
use proto::{Error, ResourceId};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What a bundle writes of the types that its conditional references name: what searches know each by, none where it is deleted. What
/// a patch makes of one is not known yet, so it stays what it was.
pub struct Written(FxHashMap<ResourceType, BTreeMap<ResourceId, Option<Bytes>>>);

impl Written {
    /// Reads each entry of these types once, however many references there are.
    ///
    /// # Errors
    /// `Invalid` for what is no resource.
    pub fn of<'n>(
        session: Session<'_>,
        bundle: &Bundle<'_>,
        identities: &[Identity],
        named: impl Iterator<Item = &'n Named>,
    ) -> Result<Written, Error> {
        let mut written: FxHashMap<ResourceType, BTreeMap<ResourceId, Option<Bytes>>> =
            named.map(|named| (named.resource_type(), BTreeMap::new())).collect();
        if written.is_empty() {
            return Ok(Written(written));
        }
        for (entry, identity) in bundle.entries.iter().zip(identities) {
            let Some((resource_type, id)) = resource(entry, identity)? else { continue };
            let Some(of_type) = written.get_mut(&resource_type) else { continue };
            match (entry.method, entry.resource) {
                (Method::Post | Method::Put, Some(resource)) => {
                    of_type.insert(id, Some(session.values(resource)?));
                }
                (Method::Delete, _) => drop(of_type.insert(id, None)),
                _ => {}
            }
        }
        Ok(Written(written))
    }

    /// The one resource that a conditional reference names with all that done.
    ///
    /// # Errors
    /// `PreconditionFailed` or `MultipleMatches` where it is not exactly one.
    pub fn settle(&self, session: Session<'_>, named: &Named) -> Result<ResourceId, Error> {
        let written = self.0.get(&named.resource_type());
        let fit = written
            .into_iter()
            .flatten()
            .filter(|(id, values)| values.as_ref().is_some_and(|values| named.fits(session, id, values)));
        let new: BTreeSet<ResourceId> = fit.map(|(id, _)| *id).collect();
        named.settle(|found| !written.is_some_and(|written| written.contains_key(found)), new)
    }
}

/// What an entry writes.
fn resource(entry: &Entry<'_>, identity: &Identity) -> Result<Option<(ResourceType, ResourceId)>, Error> {
    Ok(match identity {
        Identity::Assigned(of, id) | Identity::Named(of, id) | Identity::New(of, id) => Some((*of, *id)),
        Identity::Matched(of, found) => Some((*of, found.id)),
        Identity::None if entry.method == Method::Delete => match target(entry)? {
            Target::Instance { resource_type, id } => {
                ResourceType::from_name(&resource_type).zip(ResourceId::parse(&id).ok())
            }
            _ => None,
        },
        Identity::Found(_) | Identity::None => None,
    })
}
