//! Superseded versions. The values are those of the resource table, moved here unchanged.
//!
//! `3 | tenant | slot | compartment type | compartment id | type | id | version` → see [`super::resource`]

use crate::key::{Tag, Writer};
use crate::kv::Range;
use proto::id::{ResourceKey, TenantId};

/// One version's key.
pub fn key(tenant: TenantId, resource: &ResourceKey, version: u64) -> Vec<u8> {
    Writer::key(Tag::History, tenant).resource(resource).u64(version).finish()
}

/// All versions of one resource.
pub fn range(tenant: TenantId, resource: &ResourceKey) -> Range {
    Range::prefix(Writer::key(Tag::History, tenant).resource(resource).finish())
}
