//! Where a resource lives, and where it is to live: from `Type/id` to keys, over the directory.

use crate::{
    compartment::{IfMatch, Intent, Op, Standing},
    draft::Parsed,
    engine::Inner,
    writer::{self, Home, Step},
};
use cluster::Group;
use fhir::{compartment, definitions::ResourceType};
use proto::{CompartmentKey, Error, ResourceId, ResourceKey, Slot, TenantId, TypeCode, id::AssignedId};
use storage::Partition;

/// A resource's place as the directory tells it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The key under its own compartment, whose slot is its home slot.
    pub own: CompartmentKey,
    /// The directory row, if there is one.
    pub row: Option<CompartmentKey>,
}

impl Place {
    /// The key its rows are under.
    pub fn key(&self) -> ResourceKey {
        let compartment = self.row.unwrap_or(self.own);
        ResourceKey { compartment, type_code: self.own.type_code, id: self.own.id }
    }
}

/// Looks `resource_type`/`id` up. Linearizable.
pub async fn find(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    id: ResourceId,
) -> Result<Place, Error> {
    let own = CompartmentKey::of(tenant, TypeCode(resource_type.code()), id);
    if !may_live_with_a_patient(resource_type) {
        return Ok(Place { own, row: None });
    }
    let home = node.readable(own.slot).await?;
    let lock = home.partition().lock_of_location(tenant, own.slot, own.type_code, &own.id);
    settle_lock(node, home, tenant, lock).await?;
    Ok(Place { own, row: node.locate(home, tenant, own)? })
}

/// The slot that tells where `resource_type`/`id` lives, wherever that is.
pub fn home(tenant: TenantId, resource_type: ResourceType, id: ResourceId) -> Slot {
    CompartmentKey::of(tenant, TypeCode(resource_type.code()), id).slot
}

/// Whether resources of the type can be in a patient's compartment other than their own.
pub fn may_live_with_a_patient(resource_type: ResourceType) -> bool {
    resource_type != ResourceType::PATIENT && !compartment::patient_params(resource_type).is_empty()
}

/// The group that holds `key`, readable, with no decided transaction left half done on the key.
pub async fn group_for<'n>(node: &'n Inner, tenant: TenantId, key: &ResourceKey) -> Result<&'n Group, Error> {
    let group = node.readable(key.compartment.slot).await?;
    settle_lock(node, group, tenant, group.partition().lock_of(tenant, key)).await?;
    Ok(group)
}

/// A reader that meets a prepared resource asks for the decision: nobody sees half a transaction. One that is not
/// decided yet was not acknowledged either, so the old state is the right answer.
async fn settle_lock(
    node: &Inner,
    group: &Group,
    tenant: TenantId,
    lock: Option<storage::Lock>,
) -> Result<(), Error> {
    let Some(lock) = lock else { return Ok(()) };
    writer::finish_if_decided(node, group.id(), tenant, lock).await
}

/// Looks at a resource where it lives, and again where it moved to meanwhile: what is there all the time is never
/// missed. `look` gets the rows of its partition and its key; `None`: it sees nothing.
pub async fn look<T>(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    id: ResourceId,
    look: impl Fn(&Partition, &ResourceKey) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    for _ in 0..node.options.write_attempts_max {
        let place = find(node, tenant, resource_type, id).await?;
        let key = place.key();
        let rows = group_for(node, tenant, &key).await?.partition();
        if let Some(seen) = look(rows, &key)? {
            return Ok(Some(seen));
        }
        let is_here = rows.get(tenant, &key).map_err(crate::error::storage)?.is_some();
        if is_here || (place.row.is_none() && !is_listed(node, tenant, resource_type, place.own)?) {
            return Ok(None);
        }
    }
    Err(crate::interaction::contended())
}

/// Whether the directory says by now that the resource lives with a patient.
fn is_listed(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    own: CompartmentKey,
) -> Result<bool, Error> {
    if !may_live_with_a_patient(resource_type) {
        return Ok(false);
    }
    Ok(node.locate(node.group_of(own.slot)?, tenant, own)?.is_some())
}

/// The write of a resource whose id the server assigns now.
pub fn create_step(
    tenant: TenantId,
    parsed: &Parsed,
    id: ResourceId,
    draft: crate::compartment::Draft,
) -> Step {
    let compartment = parsed.compartment(tenant, id);
    let key = ResourceKey { compartment, type_code: parsed.type_code(), id };
    let home = match key.is_own() {
        true => Home::None,
        false => Home::Row { slot: proto::id::home_slot(tenant, key.type_code, id.as_str()), found: None },
    };
    let op = op(key, parsed.resource_type, Intent::Create(draft), Standing::Fresh);
    Step { op, home, moved_from: None }
}

fn op(key: ResourceKey, resource_type: ResourceType, intent: Intent, standing: Standing) -> Op {
    let movable = may_live_with_a_patient(resource_type);
    Op { key, resource_type: resource_type.name(), intent, standing, movable, locate: None }
}

/// The write of a resource under the caller's id: where it is now, and where its new content belongs.
pub async fn update_step(
    node: &Inner,
    tenant: TenantId,
    parsed: &Parsed,
    id: ResourceId,
    intent: Intent,
) -> Result<Step, Error> {
    let place = find(node, tenant, parsed.resource_type, id).await?;
    let wanted = parsed.compartment(tenant, id);
    step_to(node, tenant, place, parsed.resource_type, wanted, intent)
}

/// The write of a resource that is at `place`, and whose new content belongs to `wanted`.
fn step_to(
    node: &Inner,
    tenant: TenantId,
    place: Place,
    resource_type: ResourceType,
    wanted: CompartmentKey,
    intent: Intent,
) -> Result<Step, Error> {
    let key = ResourceKey { compartment: wanted, type_code: place.own.type_code, id: place.own.id };
    let row = Home::Row { slot: place.own.slot, found: place.row };
    let (home, moved_from) = match place.row {
        Some(found) if found == wanted => (Home::None, None),
        Some(found) => (row, Some(found)),
        None if wanted == place.own => (Home::None, None),
        None if exists_free_standing(node, tenant, place.own)? => (row, Some(place.own)),
        None => (row, None),
    };
    let standing = match place.row.or(moved_from) {
        Some(_) => Standing::Known,
        None => Standing::Unlisted,
    };
    Ok(Step { op: op(key, resource_type, intent, standing), home, moved_from })
}

/// The change of what is stored at `resource_type`/`id`. `wanted`: the compartment its next version was found to belong
/// to, where that is another one.
pub async fn change_step(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    id: ResourceId,
    intent: Intent,
    wanted: Option<CompartmentKey>,
) -> Result<Step, Error> {
    let place = find(node, tenant, resource_type, id).await?;
    let wanted = wanted.unwrap_or(place.key().compartment);
    step_to(node, tenant, place, resource_type, wanted, intent)
}

/// The deletion of `resource_type`/`id`, wherever it lives.
pub async fn delete_step(
    node: &Inner,
    tenant: TenantId,
    resource_type: ResourceType,
    id: ResourceId,
    if_match: IfMatch,
) -> Result<Step, Error> {
    change_step(node, tenant, resource_type, id, Intent::Delete { if_match }, None).await
}

fn exists_free_standing(node: &Inner, tenant: TenantId, own: CompartmentKey) -> Result<bool, Error> {
    let partition = node.group_of(own.slot)?.partition();
    let row = partition.get(tenant, &own.own()).map_err(crate::error::storage)?;
    Ok(row.is_some())
}

/// The slot a new resource's id carries: its patient's, so that directory row and resource share a partition.
pub fn slot_for(tenant: TenantId, parsed: &Parsed, otherwise: Slot) -> Slot {
    match parsed.patient {
        Some(patient) => CompartmentKey::of(tenant, crate::draft::patient_type(), patient).slot,
        None => otherwise,
    }
}

/// A new id.
pub fn assign(node: &Inner, slot: Slot) -> ResourceId {
    AssignedId::new(node.clock.now_ms(), slot, rand::random()).to_id()
}

/// The slot for what belongs to nobody yet: the idempotency key's, so that a retry comes to the same partition.
pub fn free_slot(tenant: TenantId, idempotency_key: &str) -> Slot {
    match idempotency_key {
        "" => Slot(rand::random()),
        key => proto::id::key_slot(tenant, key.as_bytes()),
    }
}
