//! Who the resources of a transaction's entries will be.

use super::{Posted, request::unsupported, target};
use crate::{draft, session::Session};
use fhir::{
    bundle::{Bundle, Entry, Method, Target},
    definitions::ResourceType,
};
use proto::{CompartmentKey, Error, ResourceId, Slot, TenantId, api::v1::WriteResponse};
use rustc_hash::FxHashMap;

/// Who an entry's resource will be.
#[derive(Clone, Debug)]
pub enum Identity {
    Assigned(ResourceType, ResourceId),
    Named(ResourceType, ResourceId),
    Found(WriteResponse),
    None,
}

/// Gives every entry's resource its identity; `found` has the matches of conditional creates, by entry. All new ids carry
/// one slot, that of the bundle's patient if there is one, so that a bundle about one patient is one command in one
/// partition.
pub fn identities(
    session: Session<'_>,
    bundle: &Bundle<'_>,
    mut found: FxHashMap<usize, WriteResponse>,
    idempotency_key: &str,
) -> Result<Vec<Identity>, Error> {
    let slot = home_slot(session, bundle, idempotency_key);
    let identity = |(number, entry): (usize, &Entry<'_>)| {
        if let Some(answer) = found.remove(&number) {
            return Ok(Identity::Found(answer));
        }
        identity(session, entry, slot).map_err(|error| super::at_entry(error, number))
    };
    bundle.entries.iter().enumerate().map(identity).collect()
}

fn identity(session: Session<'_>, entry: &Entry<'_>, slot: Slot) -> Result<Identity, Error> {
    match entry.method {
        Method::Post => {
            let Posted(resource_type) = Posted::of(entry)?;
            let options = session.options();
            let own = entry.resource.and_then(|resource| draft::patient_of(resource, resource_type, options));
            let slot = own.map_or(slot, |patient| patient_slot(session.tenant(), patient));
            Ok(Identity::Assigned(resource_type, session.assign(slot)))
        }
        Method::Put | Method::Patch => match target(entry)? {
            Target::Instance { resource_type, id } => {
                Ok(Identity::Named(draft::known_type(&resource_type)?, draft::resource_id(&id)?))
            }
            _ => Err(unsupported(entry.method, &entry.url)),
        },
        _ => Ok(Identity::None),
    }
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
        let patient = draft::patient_of(resource, resource_type, session.options())?;
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
            Identity::Assigned(resource_type, id) | Identity::Named(resource_type, id) => {
                format!("{resource_type}/{id}")
            }
            Identity::Found(answer) => format!("{}/{}", answer.resource_type, answer.id),
            Identity::None => continue,
        };
        resolved.insert(full_url.to_string(), target);
    }
}
