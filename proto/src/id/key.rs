//! Where a resource lives, and its conversions to the log's messages.

use super::{InvalidId, ResourceId, Slot, TenantId, TypeCode, home_slot};
use crate::log::v1 as log;

/// A compartment: one patient's record, or one free-standing resource. Its slot is the home slot of its own resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CompartmentKey {
    pub slot: Slot,
    pub type_code: TypeCode,
    pub id: ResourceId,
}

/// A resource inside its compartment. The tenant comes with the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceKey {
    pub compartment: CompartmentKey,
    pub type_code: TypeCode,
    pub id: ResourceId,
}

impl CompartmentKey {
    /// The compartment whose own resource is `type_code`/`id`.
    pub fn of(tenant: TenantId, type_code: TypeCode, id: ResourceId) -> Self {
        CompartmentKey { slot: home_slot(tenant, type_code, id.as_str()), type_code, id }
    }

    /// The compartment's own resource, such as the Patient.
    pub fn own(self) -> ResourceKey {
        ResourceKey { compartment: self, type_code: self.type_code, id: self.id }
    }
}

impl ResourceKey {
    /// Whether the resource is the one its compartment is named after, so that its key follows from type and id and
    /// no directory row is needed.
    pub fn is_own(&self) -> bool {
        self.type_code == self.compartment.type_code && self.id == self.compartment.id
    }
}

impl From<CompartmentKey> for log::Compartment {
    fn from(key: CompartmentKey) -> Self {
        log::Compartment {
            slot: u32::from(key.slot.0),
            type_code: u32::from(key.type_code.0),
            id: key.id.as_str().to_owned(),
        }
    }
}

impl TryFrom<&log::Compartment> for CompartmentKey {
    type Error = InvalidId;
    fn try_from(key: &log::Compartment) -> Result<Self, InvalidId> {
        Ok(CompartmentKey {
            slot: Slot(key.slot as u16),
            type_code: TypeCode(key.type_code as u16),
            id: ResourceId::parse(&key.id)?,
        })
    }
}

impl From<ResourceKey> for log::ResourceKey {
    fn from(key: ResourceKey) -> Self {
        log::ResourceKey {
            compartment: Some(key.compartment.into()),
            type_code: u32::from(key.type_code.0),
            id: key.id.as_str().to_owned(),
        }
    }
}

impl TryFrom<&log::ResourceKey> for ResourceKey {
    type Error = InvalidId;
    fn try_from(key: &log::ResourceKey) -> Result<Self, InvalidId> {
        let compartment = key.compartment.as_ref().ok_or_else(|| InvalidId(String::new()))?;
        Ok(ResourceKey {
            compartment: compartment.try_into()?,
            type_code: TypeCode(key.type_code as u16),
            id: ResourceId::parse(&key.id)?,
        })
    }
}
