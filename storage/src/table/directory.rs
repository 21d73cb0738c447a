//! Where a resource lives that is not its compartment's own: the row is at the home slot of its type and id.
//!
//! `4 | tenant | home slot | type | id` → `1 | slot | compartment type | compartment id`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::{CompartmentKey, ResourceId, Slot, TenantId, TypeCode};

const FORMAT: u8 = 1;

/// The row's key, which is also what a lock on the row names.
pub fn key(tenant: TenantId, home_slot: Slot, type_code: TypeCode, id: &ResourceId) -> Vec<u8> {
    Writer::key(Tag::Directory, tenant).u16(home_slot.0).u16(type_code.0).id(id).finish()
}

/// The row's value.
pub fn encode(compartment: &CompartmentKey) -> Bytes {
    Writer::value(FORMAT, 70).compartment(compartment).finish().into()
}

/// The compartment in a value.
pub fn decode(value: &[u8]) -> Result<CompartmentKey> {
    let mut reader = Reader::value("directory", FORMAT, value)?;
    let compartment = reader.compartment()?;
    reader.end()?;
    Ok(compartment)
}
