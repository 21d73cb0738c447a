//! Who the resources of a transaction's entries will be.

use super::{Posted, request::unsupported, target};
use crate::{draft, interaction::conditional::Match, session::Session};
use fhir::{
    bundle::{Bundle, Entry, Method, Target},
    definitions::ResourceType,
};
use proto::{Code, CompartmentKey, Error, ResourceId, Slot, TenantId, api::v1::WriteResponse};
use rustc_hash::FxHashMap;

/// What the criteria of an entry came to.
pub enum Resolved {
    /// Nothing is written: the match of a conditional create, or a conditional delete without one.
    Found(WriteResponse),
    /// What is written, and the version that matched.
    Match(ResourceType, Match),
}

/// Who an entry's resource will be.
pub enum Identity {
    Assigned(ResourceType, ResourceId),
    Named(ResourceType, ResourceId),
    /// What a conditional update creates under the id that its body names.
    New(ResourceType, ResourceId),
    Matched(ResourceType, Match),
    Found(WriteResponse),
    None,
}

/// Gives every entry's resource its identity; `resolved` has what criteria came to, by entry. All new ids carry
/// one slot, that of the bundle's patient if there is one, so that a bundle about one patient is one command in one
/// partition.
///
/// # Errors
/// `Invalid` where two entries turn out to write one resource.
pub fn identities(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    mut resolved: FxHashMap<usize, Resolved>,
    idempotency_key: &str,
) -> Result<Vec<Identity>, Error> {
    let slot = home_slot(session, bundle, idempotency_key);
    let identity = |(number, entry): (usize, &Entry<'_>)| match resolved.remove(&number) {
        Some(Resolved::Found(answer)) => Ok(Identity::Found(answer)),
        Some(Resolved::Match(resource_type, found)) => Ok(Identity::Matched(resource_type, found)),
        None => identity(session, entry, slot).map_err(|error| super::at_entry(error, number)),
    };
    let identities = bundle.entries.iter().enumerate().map(identity).collect::<Result<Vec<_>, Error>>()?;
    refuse_same(bundle, &identities)?;
    Ok(identities)
}

/// What names its resource by criteria may turn out to be what another entry names.
fn refuse_same(bundle: &Bundle<'_>, identities: &[Identity]) -> Result<(), Error> {
    let mut written: FxHashMap<(ResourceType, ResourceId), usize> = FxHashMap::default();
    for (number, (entry, identity)) in bundle.entries.iter().zip(identities).enumerate() {
        let resource = match identity {
            Identity::Named(resource_type, id) | Identity::New(resource_type, id) => (*resource_type, *id),
            Identity::Matched(resource_type, found) => (*resource_type, found.id),
            Identity::None if entry.method == Method::Delete => match target(entry)? {
                Target::Instance { resource_type, id } => {
                    (draft::known_type(&resource_type)?, draft::resource_id(&id)?)
                }
                _ => continue,
            },
            Identity::Assigned(..) | Identity::Found(_) | Identity::None => continue,
        };
        if let Some(first) = written.insert(resource, number) {
            let (resource_type, id) = resource;
            let text =
                format!("this and Bundle.entry[{first}] both change {resource_type}/{id}; keep one of them");
            return Err(super::at_entry(Error::new(Code::Invalid, text), number));
        }
    }
    Ok(())
}

fn identity(session: Session<'_>, entry: &Entry<'_>, slot: Slot) -> Result<Identity, Error> {
    match entry.method {
        Method::Post => {
            let Posted(resource_type) = Posted::of(entry)?;
            Ok(assigned(session, entry, resource_type, slot))
        }
        Method::Put | Method::Patch => match target(entry)? {
            Target::Instance { resource_type, id } => {
                Ok(Identity::Named(draft::known_type(&resource_type)?, draft::resource_id(&id)?))
            }
            Target::Search { resource_type: Some(name), .. } if entry.method == Method::Put => {
                let resource_type = draft::known_type(&name)?;
                let id = entry.resource.and_then(|resource| resource.get("id")?.as_str());
                match id {
                    Some(id) => Ok(Identity::New(resource_type, draft::resource_id(&id)?)),
                    None => Ok(assigned(session, entry, resource_type, slot)),
                }
            }
            _ => Err(unsupported(entry.method, &entry.url)),
        },
        _ => Ok(Identity::None),
    }
}

fn assigned(session: Session<'_>, entry: &Entry<'_>, resource_type: ResourceType, slot: Slot) -> Identity {
    let own = entry.resource.and_then(|resource| session.patient_of(resource, resource_type));
    let slot = own.map_or(slot, |patient| patient_slot(session.tenant(), patient));
    Identity::Assigned(resource_type, session.assign(slot))
}

/// The slot of the bundle: its first patient's as the entries were sent, else the idempotency key's, else any. It does not
/// change when the bundle is sent again.
pub fn home_slot(session: Session<'_>, bundle: &Bundle<'_>, idempotency_key: &str) -> Slot {
    bundle_slot(session, bundle).unwrap_or_else(|| session.free_slot(idempotency_key))
}

fn bundle_slot(session: Session<'_>, bundle: &Bundle<'_>) -> Option<Slot> {
    bundle.entries.iter().find_map(|entry| {
        if let (Method::Put, Ok(Target::Instance { resource_type, id })) = (entry.method, target(entry))
            && ResourceType::from_name(&resource_type) == Some(ResourceType::PATIENT)
        {
            return ResourceId::parse(&id).ok().map(|id| patient_slot(session.tenant(), id));
        }
        let resource = entry.resource?;
        let resource_type = ResourceType::from_name(&resource.get("resourceType")?.as_str()?)?;
        let patient = session.patient_of(resource, resource_type)?;
        Some(patient_slot(session.tenant(), patient))
    })
}

fn patient_slot(tenant: TenantId, patient: ResourceId) -> Slot {
    CompartmentKey::of(tenant, draft::patient_type(), patient).slot
}

/// `fullUrl` → `Type/id` for every entry that has both.
pub fn add_full_urls(bundle: &Bundle<'_>, identities: &[Identity], resolved: &mut FxHashMap<String, String>) {
    for (entry, identity) in bundle.entries.iter().zip(identities) {
        let Some(full_url) = &entry.full_url else { continue };
        let target = match identity {
            Identity::Assigned(resource_type, id)
            | Identity::Named(resource_type, id)
            | Identity::New(resource_type, id) => format!("{resource_type}/{id}"),
            Identity::Matched(resource_type, found) => format!("{resource_type}/{}", found.id),
            Identity::Found(answer) => format!("{}/{}", answer.resource_type, answer.id),
            Identity::None => continue,
        };
        resolved.insert(full_url.to_string(), target);
    }
}
