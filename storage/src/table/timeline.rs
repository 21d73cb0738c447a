//! All versions by type and time: what the histories of a type and of a tenant read. One version is one row, wherever
//! the resource moves; evictions are left out.
//!
//! `16 | tenant | type | last_updated_ms | id | version` →
//! `1 | origin partition (0: this one) | origin index | slot | compartment type | compartment id`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::kv::Range;
use crate::version::{HistoryPlace, Origin};
use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, TenantId, TypeCode};

const FORMAT: u8 = 1;

/// See the module.
pub struct Timeline;

/// What a row tells of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub origin: Origin,
    pub compartment: CompartmentKey,
}

impl Timeline {
    /// Where the versions of a type begin that are of that time or later.
    pub fn since(tenant: TenantId, type_code: TypeCode, time_ms: u64) -> Vec<u8> {
        Self::start(tenant).u16(type_code.0).u64(time_ms).finish()
    }

    /// All versions of a type.
    pub fn of_type(tenant: TenantId, type_code: TypeCode) -> Range {
        Range::prefix(Self::start(tenant).u16(type_code.0).finish())
    }

    /// All versions of the types from `first` on.
    pub fn from_type(tenant: TenantId, first: TypeCode) -> Range {
        Self::of_tenant(tenant).from(Self::start(tenant).u16(first.0).finish())
    }
}

impl Table for Timeline {
    const TAG: Tag = Tag::Timeline;
    type Key<'a> = &'a HistoryPlace;
    type Parsed = HistoryPlace;
    type Row<'a> = Row;

    fn write_key(key: Writer, place: &HistoryPlace) -> Writer {
        key.u16(place.type_code.0).u64(place.last_updated_ms).id(&place.id).u64(place.version)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<HistoryPlace> {
        let (type_code, last_updated_ms) = (TypeCode(key.u16()?), key.u64()?);
        Ok(HistoryPlace { last_updated_ms, type_code, id: key.id()?, version: key.u64()? })
    }

    fn encode(row: &Row) -> Bytes {
        let partition = row.origin.partition.map_or(0, |partition| partition.0);
        Writer::value(FORMAT, 48)
            .u16(partition)
            .u64(row.origin.index)
            .compartment(&row.compartment)
            .finish()
            .into()
    }

    fn decode(value: &[u8]) -> Result<Row> {
        let mut reader = Self::reader(FORMAT, value)?;
        let partition = Some(PartitionId(reader.u16()?)).filter(|partition| partition.0 != 0);
        let origin = Origin { partition, index: reader.u64()? };
        let compartment = reader.compartment()?;
        reader.end()?;
        Ok(Row { origin, compartment })
    }
}
