//! What conditional references name once the bundle is stored: they are resolved last, so they may name what its entries create or change, and
//! no longer what they delete or change to something else. <https://hl7.org/fhir/R4/http.html#trules>

use super::{identity::Identity, target};
use crate::{interaction::conditional::Named, session::Session};
use fhir::bundle::{Bundle, Entry, Method, Target};
use proto::{Error, ResourceId};
use std::collections::{BTreeMap, BTreeSet};

/// The one resource that a conditional reference of a bundle names.
///
/// # Errors
/// `PreconditionFailed` or `MultipleMatches` where it is not exactly one.
pub fn settled(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    identities: &[Identity],
    named: &Named,
) -> Result<ResourceId, Error> {
    // Whether each that is written fits; what a patch makes of one is not known yet, so it stays what it was.
    let mut written: BTreeMap<ResourceId, bool> = BTreeMap::new();
    for (entry, identity) in bundle.entries.iter().zip(identities) {
        let Some(id) = written_id(entry, identity, named)? else { continue };
        match (entry.method, entry.resource) {
            (Method::Post | Method::Put, Some(resource)) => {
                written.insert(id, named.fits(session, &id, resource)?);
            }
            (Method::Delete, _) => drop(written.insert(id, false)),
            _ => {}
        }
    }
    let new: BTreeSet<ResourceId> = written.iter().filter(|(_, fits)| **fits).map(|(id, _)| *id).collect();
    named.settle(|found| written.get(found).copied().unwrap_or(true), new)
}

/// The id of what an entry writes, where that is of the type that is named.
fn written_id(entry: &Entry<'_>, identity: &Identity, named: &Named) -> Result<Option<ResourceId>, Error> {
    let wanted = named.resource_type();
    Ok(match identity {
        Identity::Assigned(of, id) | Identity::Named(of, id) | Identity::New(of, id) if *of == wanted => {
            Some(*id)
        }
        Identity::Matched(of, found) if *of == wanted => Some(found.id),
        Identity::None if entry.method == Method::Delete => match target(entry)? {
            Target::Instance { resource_type, id } if resource_type == wanted.name() => {
                ResourceId::parse(&id).ok()
            }
            _ => None,
        },
        _ => None,
    })
}
