//! Where a resource lives that is not its compartment's own: the row is at the home slot of its type and id. Its key is
//! also what a lock on the row names.
//!
//! `4 | tenant | home slot | type | id` → `1 | slot | compartment type | compartment id`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;
use proto::id::{CompartmentKey, ResourceId, Slot, TypeCode};

const FORMAT: u8 = 1;

/// See the module.
pub struct Directory;

impl Table for Directory {
    const TAG: Tag = Tag::Directory;
    type Key<'a> = (Slot, TypeCode, &'a ResourceId);
    type Parsed = (Slot, TypeCode, ResourceId);
    type Row<'a> = CompartmentKey;

    fn write_key(key: Writer, (home_slot, type_code, id): Self::Key<'_>) -> Writer {
        key.u16(home_slot.0).u16(type_code.0).id(id)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Self::Parsed> {
        Ok((Slot(key.u16()?), TypeCode(key.u16()?), key.id()?))
    }

    fn encode(compartment: &CompartmentKey) -> Bytes {
        Writer::value(FORMAT, 70).compartment(compartment).finish().into()
    }

    fn decode(value: &[u8]) -> Result<CompartmentKey> {
        let mut reader = Self::reader(FORMAT, value)?;
        let compartment = reader.compartment()?;
        reader.end()?;
        Ok(compartment)
    }
}
