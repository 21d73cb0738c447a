//! What conditional references name once the bundle is stored: they are resolved last, so they may name what its entries create or change, and
//! no longer what they delete or change to something else. <https://hl7.org/fhir/R4/http.html#trules>

use super::{identity::Identity, target};
use crate::{interaction::conditional::Named, session::Session};
use bytes::Bytes;
use fhir::{
    bundle::{Bundle, Entry, Method, Target},
    definitions::ResourceType,
    index::Values,
};
use proto::{Error, ResourceId};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// What a bundle writes of the types that its conditional references name. What a patch makes of one is not known yet, so it stays what
/// it was.
pub struct Written(FxHashMap<ResourceType, OfType>);

#[derive(Default)]
struct OfType {
    /// What searches know each by, none where it is deleted.
    values: BTreeMap<ResourceId, Option<Bytes>>,
    /// Which have a trace: thousands of references that name one each are held against few.
    by_trace: FxHashMap<u64, Vec<ResourceId>>,
}

impl OfType {
    fn add(&mut self, id: ResourceId, values: Bytes) {
        for trace in search::traces(&Values::trusted(&values)) {
            self.by_trace.entry(trace).or_default().push(id);
        }
        self.values.insert(id, Some(values));
    }

    /// Those that a reference may name.
    fn candidates<'a>(&'a self, named: &Named) -> Box<dyn Iterator<Item = &'a ResourceId> + 'a> {
        match named.trace() {
            Some(trace) => Box::new(self.by_trace.get(&trace).into_iter().flatten()),
            None => Box::new(self.values.keys()),
        }
    }
}

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
        let mut written: FxHashMap<ResourceType, OfType> =
            named.map(|named| (named.resource_type(), OfType::default())).collect();
        if written.is_empty() {
            return Ok(Written(written));
        }
        for (entry, identity) in bundle.entries.iter().zip(identities) {
            let Some((resource_type, id)) = resource(entry, identity)? else { continue };
            let Some(of_type) = written.get_mut(&resource_type) else { continue };
            match (entry.method, entry.resource) {
                (Method::Post | Method::Put, Some(resource)) => {
                    of_type.add(id, session.values(resource)?);
                }
                (Method::Delete, _) => drop(of_type.values.insert(id, None)),
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
        let mut new = BTreeSet::new();
        for (written, id) in
            written.iter().flat_map(|written| written.candidates(named).map(move |id| (written, id)))
        {
            let values = written.values.get(id).and_then(Option::as_ref);
            if values.is_some_and(|values| named.fits(session, id, values)) {
                new.insert(*id);
            }
        }
        named.settle(|found| !written.is_some_and(|written| written.values.contains_key(found)), new)
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
