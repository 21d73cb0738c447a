//! Where a resource lives, and where it is to live: from `Type/id` to keys, over the directory.

use super::Session;
use crate::{
    compartment::{IfMatch, Intent, Op, Standing},
    draft::Parsed,
    partition::Partition,
    writer::{self, Home, Step},
};
use fhir::{compartment, definitions::ResourceType};
use proto::{CompartmentKey, Error, ResourceId, ResourceKey, Slot, TenantId, TypeCode, id::AssignedId};

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

impl<'s> Session<'s> {
    /// Looks `resource_type`/`id` up. Linearizable. With it comes its home partition, current, where the directory was asked.
    ///
    /// # Errors
    /// `Unavailable` without a leader.
    pub async fn find(
        self,
        resource_type: ResourceType,
        id: ResourceId,
    ) -> Result<(Place, Option<Partition<'s>>), Error> {
        let own = CompartmentKey::of(self.tenant(), TypeCode(resource_type.code()), id);
        if !may_live_with_a_patient(resource_type) {
            return Ok((Place { own, row: None }, None));
        }
        let home = self.readable_at(own.slot).await?;
        self.settle_lock(home, home.lock_of_location(self.tenant(), own).await?).await?;
        Ok((Place { own, row: home.locate(self.tenant(), own).await? }, Some(home)))
    }

    /// A reader that meets a prepared resource asks for the decision: nobody sees half a transaction. One that is not
    /// decided yet was not acknowledged either, so the old state is the right answer.
    pub(super) async fn settle_lock(
        self,
        partition: Partition<'_>,
        lock: Option<storage::Lock>,
    ) -> Result<(), Error> {
        // Of an older moment the state before it is right.
        let Some(lock) = lock.filter(|_| self.context.stale.is_none()) else { return Ok(()) };
        writer::finish_if_decided(self.engine, partition, self.tenant(), lock).await
    }

    /// The write of a resource under the caller's id: where it is now, and where its new content belongs.
    ///
    /// # Errors
    /// As [`Session::find`].
    pub async fn update_step(self, parsed: &Parsed, id: ResourceId, intent: Intent) -> Result<Step, Error> {
        let found = self.find(parsed.resource_type, id).await?;
        let wanted = parsed.compartment(self.tenant(), id);
        self.step_to(found, parsed.resource_type, wanted, intent).await
    }

    /// The write of a resource that was found at a place, and whose new content belongs to `wanted`.
    async fn step_to(
        self,
        (place, home): (Place, Option<Partition<'_>>),
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
            None if self.exists_free_standing(place.own, home).await? => (row, Some(place.own)),
            None => (row, None),
        };
        let standing = match place.row.or(moved_from) {
            Some(_) => Standing::Known,
            None => Standing::Unlisted,
        };
        Ok(Step { op: op(key, resource_type, intent, standing), home, moved_from })
    }

    async fn exists_free_standing(
        self,
        own: CompartmentKey,
        home: Option<Partition<'_>>,
    ) -> Result<bool, Error> {
        let home = match home {
            Some(home) => home,
            None => self.engine.current_at(own.slot).await?,
        };
        Ok(home.get(self.tenant(), &own.own()).await?.is_some())
    }

    /// The change of what is stored at `resource_type`/`id`. `wanted`: the compartment its next version was found to belong
    /// to, where that is another one.
    ///
    /// # Errors
    /// As [`Session::find`].
    pub async fn change_step(
        self,
        resource_type: ResourceType,
        id: ResourceId,
        intent: Intent,
        wanted: Option<CompartmentKey>,
    ) -> Result<Step, Error> {
        let found = self.find(resource_type, id).await?;
        let wanted = wanted.unwrap_or(found.0.key().compartment);
        self.step_to(found, resource_type, wanted, intent).await
    }

    /// The deletion of `resource_type`/`id`, wherever it lives.
    ///
    /// # Errors
    /// As [`Session::find`].
    pub async fn delete_step(
        self,
        resource_type: ResourceType,
        id: ResourceId,
        if_match: IfMatch,
    ) -> Result<Step, Error> {
        self.change_step(resource_type, id, Intent::Delete { if_match }, None).await
    }

    /// The slot for what belongs to nobody yet: the idempotency key's, so that a retry comes to the same partition.
    pub fn free_slot(self, idempotency_key: &str) -> Slot {
        match idempotency_key {
            "" => Slot(self.engine.entropy.number() as u16),
            key => proto::id::key_slot(self.tenant(), key.as_bytes()),
        }
    }

    /// A new id.
    pub fn assign(self, slot: Slot) -> ResourceId {
        AssignedId::new(self.clock().now_ms(), slot, self.engine.entropy.number()).to_id()
    }

    /// A new universally unique id, of version 4: `urn:uuid:…`.
    pub fn uuid(self) -> String {
        let (high, low) = (self.engine.entropy.number(), self.engine.entropy.number());
        let (high, low) = ((high & !0xf000) | 0x4000, (low & !(0b11 << 62)) | (0b10 << 62));
        let (first, second, third) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
        format!(
            "urn:uuid:{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}",
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

/// The slot that tells where `resource_type`/`id` lives, wherever that is.
pub fn home(tenant: TenantId, resource_type: ResourceType, id: ResourceId) -> Slot {
    CompartmentKey::of(tenant, TypeCode(resource_type.code()), id).slot
}

/// Whether resources of the type can be in a patient's compartment other than their own.
pub fn may_live_with_a_patient(resource_type: ResourceType) -> bool {
    resource_type != ResourceType::PATIENT && !compartment::patient_params(resource_type).is_empty()
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

/// The slot a new resource's id carries: its patient's, so that directory row and resource share a partition.
pub fn slot_for(tenant: TenantId, parsed: &Parsed, otherwise: Slot) -> Slot {
    match parsed.patient {
        Some(patient) => CompartmentKey::of(tenant, crate::draft::patient_type(), patient).slot,
        None => otherwise,
    }
}
