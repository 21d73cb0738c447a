//! How many current, not deleted resources of a type this partition holds. No row means none.
//!
//! `12 | tenant | type` → `1 | count`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use bytes::Bytes;
use proto::id::{TenantId, TypeCode};

const FORMAT: u8 = 1;

/// The row's key.
pub fn key(tenant: TenantId, type_code: TypeCode) -> Vec<u8> {
    Writer::key(Tag::Count, tenant).u16(type_code.0).finish()
}

/// All counts of a tenant.
pub fn range(tenant: TenantId) -> Range {
    Range::prefix(Writer::key(Tag::Count, tenant).finish())
}

/// The type in a key.
pub fn type_of(key: &[u8]) -> Result<TypeCode> {
    let (mut reader, _) = Reader::key("count", Tag::Count, key)?;
    let type_code = TypeCode(reader.u16()?);
    reader.end()?;
    Ok(type_code)
}

/// The row's value.
pub fn encode(count: u64) -> Bytes {
    Writer::value(FORMAT, 9).u64(count).finish().into()
}

/// The count in a value.
pub fn decode(value: &[u8]) -> Result<u64> {
    let mut reader = Reader::value("count", FORMAT, value)?;
    let count = reader.u64()?;
    reader.end()?;
    Ok(count)
}
