//! When rows of other tables expire. A row here is a hint: the row it names decides, by the expiry in its own value,
//! because it may have been written again since.
//!
//! `8 | tenant | expires_ms | key of the other row` → empty

use crate::error::{Error, Result};
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use proto::id::TenantId;

/// The row's key. `row` is the full key of a dedup, decision or reservation row.
pub fn key(tenant: TenantId, expires_ms: u64, row: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Expiry, tenant).u64(expires_ms).bytes(row).finish()
}

/// All rows of a tenant that have expired at `time_ms`: those with `expires_ms <= time_ms`.
pub fn range(tenant: TenantId, time_ms: u64) -> Range {
    let all = Range::prefix(Writer::key(Tag::Expiry, tenant).finish());
    match time_ms.checked_add(1) {
        Some(end) => all.before(Writer::key(Tag::Expiry, tenant).u64(end).finish()),
        None => all,
    }
}

/// The key of the row that expires.
pub fn row_of(key: &[u8]) -> Result<&[u8]> {
    let (mut reader, _) = Reader::key("expiry", Tag::Expiry, key)?;
    reader.u64()?;
    Ok(reader.rest())
}

/// When the row itself says it expires.
pub fn expires_ms(row: &[u8], value: &[u8]) -> Result<u64> {
    match row.first().copied().and_then(Tag::from_number) {
        Some(Tag::Dedup) => Ok(super::dedup::decode(value)?.expires_ms),
        Some(Tag::Decision) => Ok(super::decision::Row::decode(value)?.swept_ms()),
        Some(Tag::Reservation) => Ok(super::reservation::decode(value)?.0),
        _ => Err(Error::Corrupt { table: "expiry", reason: "names a table whose rows do not expire" }),
    }
}
