//! All versions by type and time: what the histories of a type and of a tenant read. One version is one row, wherever
//! the resource moves; evictions are left out.
//!
//! `16 | tenant | type | last_updated_ms | id | version` →
//! `1 | origin partition (0: this one) | origin index | slot | compartment type | compartment id`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use crate::version::{HistoryPlace, Origin};
use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, TenantId, TypeCode};

const FORMAT: u8 = 1;

/// What a row tells of its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub origin: Origin,
    pub compartment: CompartmentKey,
}

/// The row's key.
pub fn key(tenant: TenantId, place: &HistoryPlace) -> Vec<u8> {
    of_time(tenant, place.type_code, place.last_updated_ms).id(&place.id).u64(place.version).finish()
}

fn of_time(tenant: TenantId, type_code: TypeCode, time_ms: u64) -> Writer {
    Writer::key(Tag::Timeline, tenant).u16(type_code.0).u64(time_ms)
}

/// Where the versions of a type begin that are of that time or later.
pub fn since(tenant: TenantId, type_code: TypeCode, time_ms: u64) -> Vec<u8> {
    of_time(tenant, type_code, time_ms).finish()
}

/// All versions of a type.
pub fn range(tenant: TenantId, type_code: TypeCode) -> Range {
    Range::prefix(Writer::key(Tag::Timeline, tenant).u16(type_code.0).finish())
}

/// All versions of the types from `first` on.
pub fn range_from(tenant: TenantId, first: TypeCode) -> Range {
    let all = Range::prefix(Writer::key(Tag::Timeline, tenant).finish());
    all.from(Writer::key(Tag::Timeline, tenant).u16(first.0).finish())
}

/// The place in a key.
pub fn place_of(key: &[u8]) -> Result<HistoryPlace> {
    let (mut reader, _) = Reader::key("timeline", Tag::Timeline, key)?;
    let (type_code, last_updated_ms) = (TypeCode(reader.u16()?), reader.u64()?);
    let (id, version) = (reader.id()?, reader.u64()?);
    reader.end()?;
    Ok(HistoryPlace { last_updated_ms, type_code, id, version })
}

impl Row {
    /// The row's value.
    pub fn encode(&self) -> Bytes {
        let partition = self.origin.partition.map_or(0, |partition| partition.0);
        Writer::value(FORMAT, 48)
            .u16(partition)
            .u64(self.origin.index)
            .compartment(&self.compartment)
            .finish()
            .into()
    }

    /// The row in a value.
    pub fn decode(value: &[u8]) -> Result<Self> {
        let mut reader = Reader::value("timeline", FORMAT, value)?;
        let partition = Some(PartitionId(reader.u16()?)).filter(|partition| partition.0 != 0);
        let origin = Origin { partition, index: reader.u64()? };
        let compartment = reader.compartment()?;
        reader.end()?;
        Ok(Row { origin, compartment })
    }
}
