//! The versions of one type in log order, as binaries before the timeline wrote them: read once, when an old partition
//! is opened. The values are those of the feed.
//!
//! `6 | tenant | type | index | seq` → see [`super::feed`]

use crate::error::Result;
use crate::key::{Reader, Tag};
use crate::kv::Range;
use proto::id::TenantId;

/// Whatever is left, of all tenants.
pub fn range() -> Range {
    Range::prefix(vec![Tag::TypeHistory as u8])
}

/// Tenant and log index in a key.
pub fn place_of(key: &[u8]) -> Result<(TenantId, u64)> {
    let (mut reader, tenant) = Reader::key("type_history", Tag::TypeHistory, key)?;
    reader.u16()?;
    let index = reader.u64()?;
    reader.u32()?;
    reader.end()?;
    Ok((tenant, index))
}
