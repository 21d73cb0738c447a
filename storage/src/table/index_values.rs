//! Index values of current, not deleted versions, in the order of the resource table, so that a search inside a
//! compartment reads no bodies.
//!
//! `2 | tenant | slot | compartment type | compartment id | type | id` → `1 | version | last_updated_ms | values`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use crate::version::IndexRow;
use bytes::Bytes;
use proto::id::{CompartmentKey, ResourceKey, TenantId, TypeCode};

const FORMAT: u8 = 1;

/// One resource's key.
pub fn key(tenant: TenantId, resource: &ResourceKey) -> Vec<u8> {
    Writer::key(Tag::IndexValues, tenant).resource(resource).finish()
}

/// All resources of a compartment, or those of one type.
pub fn range(tenant: TenantId, compartment: &CompartmentKey, type_code: Option<TypeCode>) -> Range {
    let prefix = Writer::key(Tag::IndexValues, tenant).compartment(compartment);
    Range::prefix(match type_code {
        Some(type_code) => prefix.u16(type_code.0).finish(),
        None => prefix.finish(),
    })
}

/// The row's value.
pub fn encode(version: u64, last_updated_ms: u64, index_values: &[u8]) -> Bytes {
    Writer::value(FORMAT, 17 + index_values.len())
        .u64(version)
        .u64(last_updated_ms)
        .bytes(index_values)
        .finish()
        .into()
}

/// The row behind key and value; copies the values once.
pub fn decode(key: &[u8], value: &[u8]) -> Result<IndexRow> {
    let (mut reader, _) = Reader::key("index_values", Tag::IndexValues, key)?;
    let resource = reader.resource()?;
    reader.end()?;
    decode_value(resource, value)
}

/// The same, where the key is known.
pub fn decode_value(key: ResourceKey, value: &[u8]) -> Result<IndexRow> {
    let mut reader = Reader::value("index_values", FORMAT, value)?;
    let (version, last_updated_ms) = (reader.u64()?, reader.u64()?);
    Ok(IndexRow { key, version, last_updated_ms, index_values: Bytes::copy_from_slice(reader.rest()) })
}
