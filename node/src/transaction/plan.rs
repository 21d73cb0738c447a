//! Plans a transaction: what each entry comes to before anything is written.

use super::conditional::{self, Reservation};
use crate::{
    draft::{self, Draft, Parsed},
    engine::Node,
    interaction::{patch::Patch, update},
    place,
    service::Context,
};
use bytes::Bytes;
use fhir::{
    bundle::{self, Bundle, Entry, Method, Target},
    definitions::ResourceType,
    json::Document,
};
use proto::{Code, CompartmentKey, Error, ResourceId, Slot, TenantId, api::v1::WriteResponse};
use rustc_hash::FxHashMap;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// What one entry does.
pub enum Action {
    Create {
        parsed: Parsed,
        draft: Draft,
        id: ResourceId,
    },
    Update {
        parsed: Parsed,
        draft: Draft,
        id: ResourceId,
        if_match: Option<u64>,
        must_be_new: bool,
    },
    Patch {
        patch: Arc<Patch>,
        id: ResourceId,
        if_match: Option<u64>,
    },
    Delete {
        resource_type: ResourceType,
        id: ResourceId,
        if_match: Option<u64>,
    },
    /// A conditional create that found its match.
    Found(WriteResponse),
    /// After all writes.
    Read,
}

/// A planned transaction: an action per entry, and the reservations it holds.
pub struct Planned {
    pub actions: Vec<Action>,
    pub reservations: Vec<Reservation>,
}

/// Who an entry's resource will be.
#[derive(Clone)]
enum Identity {
    Assigned(ResourceType, ResourceId),
    Named(ResourceType, ResourceId),
    Found(WriteResponse),
    None,
}

/// Plans the bundle in `document`.
pub async fn plan(
    node: &Node,
    context: &Context,
    document: &Arc<Document>,
    idempotency_key: &str,
) -> Result<Planned, Error> {
    let conditional = conditional_references(node, document)?;
    let mut resolved: FxHashMap<String, String> = FxHashMap::default();
    for reference in conditional {
        let target = conditional::resolve_reference(&node.inner, context, &reference).await?;
        resolved.insert(reference, target);
    }
    let creates = conditional_creates(node, document)?;
    let (found, reservations) = reserve(node, context, creates).await?;
    let planned = tokio::task::block_in_place(|| {
        let bundle = super::read(node, document)?;
        // A transaction must not store a reference to an entry that is not there.
        bundle.refuse_dangling().map_err(super::invalid)?;
        let identities = identities(node, context.tenant, &bundle, found, idempotency_key)?;
        add_full_urls(&bundle, &identities, &mut resolved)?;
        let entries = bundle.entries.iter().zip(identities).enumerate();
        entries
            .map(|(number, (entry, identity))| {
                action(node, context.tenant, document, &bundle, entry, identity, &resolved)
                    .map_err(|error| at_entry(error, number))
            })
            .collect::<Result<Vec<Action>, Error>>()
    });
    match planned {
        Ok(actions) => Ok(Planned { actions, reservations }),
        Err(error) => {
            release(node, reservations).await;
            Err(error)
        }
    }
}

/// Gives all reservations back.
pub async fn release(node: &Node, reservations: Vec<Reservation>) {
    for reservation in reservations {
        reservation.release(&node.inner).await;
    }
}

fn conditional_references(node: &Node, document: &Arc<Document>) -> Result<Vec<String>, Error> {
    let bundle = super::read(node, document)?;
    let mut all: Vec<String> = bundle
        .entries
        .iter()
        .filter_map(|entry| entry.resource)
        .flat_map(bundle::conditional_references)
        .map(Cow::into_owned)
        .collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Type and criteria of every POST with ifNoneExist, by entry.
fn conditional_creates(
    node: &Node,
    document: &Arc<Document>,
) -> Result<Vec<(usize, ResourceType, String)>, Error> {
    let bundle = super::read(node, document)?;
    let mut creates = vec![];
    for (number, entry) in bundle.entries.iter().enumerate() {
        let criteria = entry.if_none_exist.as_deref().filter(|criteria| !criteria.is_empty());
        let (Method::Post, Some(criteria)) = (entry.method, criteria) else { continue };
        let resource_type = posted_type(entry).map_err(|error| at_entry(error, number))?;
        creates.push((number, resource_type, criteria.to_owned()));
    }
    Ok(creates)
}

/// Reserves all criteria in one global order, then searches. Two entries of one bundle with the same criteria are one.
async fn reserve(
    node: &Node,
    context: &Context,
    creates: Vec<(usize, ResourceType, String)>,
) -> Result<(FxHashMap<usize, WriteResponse>, Vec<Reservation>), Error> {
    let mut ordered: BTreeMap<(u16, &str), ()> = BTreeMap::new();
    for (_, resource_type, criteria) in &creates {
        let twice = ordered.insert((resource_type.code(), criteria), ()).is_some();
        if twice {
            return Err(Error::new(
                Code::Invalid,
                format!(
                    "two entries create a {resource_type} if none exists with '{criteria}'; keep one of them"
                ),
            ));
        }
    }
    let mut reservations = vec![];
    for (code, criteria) in ordered.into_keys() {
        let Some(resource_type) = ResourceType::from_code(code) else { continue };
        let taken = Reservation::take(&node.inner, context.tenant, resource_type, criteria).await;
        match taken {
            Ok(reservation) => reservations.push(reservation),
            Err(error) => {
                release(node, reservations).await;
                return Err(error);
            }
        }
    }
    match search_all(node, context, &creates).await {
        Ok(found) => Ok((found, reservations)),
        Err(error) => {
            release(node, reservations).await;
            Err(error)
        }
    }
}

async fn search_all(
    node: &Node,
    context: &Context,
    creates: &[(usize, ResourceType, String)],
) -> Result<FxHashMap<usize, WriteResponse>, Error> {
    let mut found = FxHashMap::default();
    for (number, resource_type, criteria) in creates {
        let only = conditional::only_match(&node.inner, context, *resource_type, criteria).await;
        if let Some(key) = only.map_err(|error| at_entry(error, *number))? {
            let answer = conditional::found(&node.inner, context.tenant, *resource_type, &key).await?;
            found.insert(*number, answer);
        }
    }
    Ok(found)
}

/// Gives every entry's resource its identity. All new ids carry one slot, that of the bundle's patient if there is
/// one, so that a bundle about one patient is one command in one partition.
fn identities(
    node: &Node,
    tenant: TenantId,
    bundle: &Bundle<'_>,
    mut found: FxHashMap<usize, WriteResponse>,
    idempotency_key: &str,
) -> Result<Vec<Identity>, Error> {
    let slot = home(node, tenant, bundle, idempotency_key);
    let identity = |(number, entry): (usize, &Entry<'_>)| {
        if let Some(answer) = found.remove(&number) {
            return Ok(Identity::Found(answer));
        }
        identity(node, tenant, entry, slot).map_err(|error| at_entry(error, number))
    };
    bundle.entries.iter().enumerate().map(identity).collect()
}

fn identity(node: &Node, tenant: TenantId, entry: &Entry<'_>, slot: Slot) -> Result<Identity, Error> {
    match entry.method {
        Method::Post => {
            let resource_type = posted_type(entry)?;
            let options = &node.inner.options;
            let own = entry.resource.and_then(|resource| draft::patient_of(resource, resource_type, options));
            let slot = own.map_or(slot, |patient| patient_slot(tenant, patient));
            Ok(Identity::Assigned(resource_type, place::assign(&node.inner, slot)))
        }
        Method::Put | Method::Patch => match target(entry)? {
            Target::Instance { resource_type, id } => {
                Ok(Identity::Named(draft::known_type(&resource_type)?, draft::resource_id(&id)?))
            }
            _ => Err(super::entry::unsupported(entry.method, &entry.url)),
        },
        _ => Ok(Identity::None),
    }
}

/// The slot for what belongs to nobody yet, and the home of the bundle's idempotency key: it follows from bundle and
/// key alone.
pub fn home(node: &Node, tenant: TenantId, bundle: &Bundle<'_>, idempotency_key: &str) -> Slot {
    bundle_slot(node, tenant, bundle).unwrap_or_else(|| place::free_slot(tenant, idempotency_key))
}

fn bundle_slot(node: &Node, tenant: TenantId, bundle: &Bundle<'_>) -> Option<Slot> {
    bundle.entries.iter().find_map(|entry| {
        if let (Method::Put, Ok(Target::Instance { resource_type, id })) = (entry.method, target(entry))
            && ResourceType::from_name(&resource_type) == Some(ResourceType::PATIENT)
        {
            return ResourceId::parse(&id).ok().map(|id| patient_slot(tenant, id));
        }
        let resource = entry.resource?;
        let resource_type = ResourceType::from_name(&resource.get("resourceType")?.as_str()?)?;
        let patient = draft::patient_of(resource, resource_type, &node.inner.options)?;
        Some(patient_slot(tenant, patient))
    })
}

fn patient_slot(tenant: TenantId, patient: ResourceId) -> Slot {
    CompartmentKey::of(tenant, draft::patient_type(), patient).slot
}

/// `fullUrl` → `Type/id` for every entry that has both.
fn add_full_urls(
    bundle: &Bundle<'_>,
    identities: &[Identity],
    resolved: &mut FxHashMap<String, String>,
) -> Result<(), Error> {
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
    Ok(())
}

fn action(
    node: &Node,
    tenant: TenantId,
    document: &Document,
    bundle: &Bundle<'_>,
    entry: &Entry<'_>,
    identity: Identity,
    resolved: &FxHashMap<String, String>,
) -> Result<Action, Error> {
    match (entry.method, identity) {
        (_, Identity::Found(answer)) => Ok(Action::Found(answer)),
        (Method::Post, Identity::Assigned(_, id)) => {
            let parsed = rewritten(node, document, bundle, entry, resolved)?;
            let draft = parsed.draft(&node.inner, tenant)?;
            Ok(Action::Create { parsed, draft, id })
        }
        (Method::Put, Identity::Named(resource_type, id)) => {
            let parsed = rewritten(node, document, bundle, entry, resolved)?;
            if parsed.resource_type != resource_type {
                let found = parsed.resource_type;
                return Err(Error::new(
                    Code::BadRequest,
                    format!("a {found} cannot be put at {}", entry.url),
                ));
            }
            update::check_id(&parsed, id)?;
            let (if_match, must_be_new) = update::preconditions(
                entry.if_match.as_deref().unwrap_or_default(),
                entry.if_none_match.as_deref().unwrap_or_default(),
            )?;
            let draft = parsed.draft(&node.inner, tenant)?;
            Ok(Action::Update { parsed, draft, id, if_match, must_be_new })
        }
        (Method::Patch, Identity::Named(resource_type, id)) => {
            let body = rewritten_body(document, bundle, entry, resolved)?;
            let (kind, body) = super::patch::of_resource(body, &node.inner.options.json)?;
            let patch = Patch::read(&node.inner, tenant, resource_type, kind, body)?;
            let (if_match, _) = update::preconditions(entry.if_match.as_deref().unwrap_or_default(), "")?;
            Ok(Action::Patch { patch, id, if_match })
        }
        (Method::Delete, _) => match target(entry)? {
            Target::Instance { resource_type, id } => {
                let (if_match, _) = update::preconditions(entry.if_match.as_deref().unwrap_or_default(), "")?;
                Ok(Action::Delete {
                    resource_type: draft::known_type(&resource_type)?,
                    id: draft::resource_id(&id)?,
                    if_match,
                })
            }
            _ => Err(super::entry::unsupported(entry.method, &entry.url)),
        },
        (Method::Get | Method::Head, _) => Ok(Action::Read),
        (method, _) => Err(super::entry::unsupported(method, &entry.url)),
    }
}

/// The entry's resource with all references to entries and criteria replaced.
fn rewritten(
    node: &Node,
    document: &Document,
    bundle: &Bundle<'_>,
    entry: &Entry<'_>,
    resolved: &FxHashMap<String, String>,
) -> Result<Parsed, Error> {
    draft::parse(rewritten_body(document, bundle, entry, resolved)?, &node.inner.options)
}

fn rewritten_body(
    document: &Document,
    bundle: &Bundle<'_>,
    entry: &Entry<'_>,
    resolved: &FxHashMap<String, String>,
) -> Result<Bytes, Error> {
    let resource = entry.resource.ok_or_else(|| {
        Error::new(Code::Invalid, format!("{} {} needs a resource", entry.method.as_str(), entry.url))
    })?;
    let resolve = |reference: &str| resolved.get(reference).cloned();
    Ok(match bundle.rewrite(entry, resource, &resolve) {
        Some(bytes) => Bytes::from(bytes),
        None => document.source().slice(resource.span()),
    })
}

fn posted_type(entry: &Entry<'_>) -> Result<ResourceType, Error> {
    match target(entry)? {
        Target::Type { resource_type } => draft::known_type(&resource_type),
        _ => Err(super::entry::unsupported(entry.method, &entry.url)),
    }
}

fn target(entry: &Entry<'_>) -> Result<Target, Error> {
    Target::parse(&entry.url).map_err(|error| Error::new(Code::Invalid, error.to_string()))
}

fn at_entry(mut error: Error, number: usize) -> Error {
    for issue in &mut error.issues {
        let inner = issue.expression.take();
        // `Patient.name[0]` is `Bundle.entry[3].resource.name[0]` here.
        issue.expression = Some(match inner.as_deref().map(|inner| inner.split_once('.')) {
            Some(Some((_, below))) => format!("Bundle.entry[{number}].resource.{below}"),
            Some(None) => format!("Bundle.entry[{number}].resource"),
            None => format!("Bundle.entry[{number}]"),
        });
        issue.diagnostics = format!("Bundle.entry[{number}]: {}", issue.diagnostics);
    }
    error
}
