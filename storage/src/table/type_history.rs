//! The versions of one type in log order. The values are those of the feed; evictions are left out.
//!
//! `6 | tenant | type | index | seq` → see [`super::feed`]

use crate::key::{Tag, Writer};
use crate::kv::Range;
use crate::version::FeedPosition;
use proto::id::{TenantId, TypeCode};

/// The row's key.
pub fn key(tenant: TenantId, type_code: TypeCode, at: FeedPosition) -> Vec<u8> {
    Writer::key(Tag::TypeHistory, tenant).u16(type_code.0).u64(at.index).u32(at.seq).finish()
}

/// All versions of a type.
pub fn range(tenant: TenantId, type_code: TypeCode) -> Range {
    Range::prefix(Writer::key(Tag::TypeHistory, tenant).u16(type_code.0).finish())
}
