//! When rows of other tables expire. A row here is a hint: the row it names decides, by the expiry in its own value,
//! because it may have been written again since.
//!
//! `8 | tenant | expires_ms | key of the other row` → empty

use super::{Decision, Dedup, Reservation, Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::kv::Range;
use bytes::Bytes;
use proto::id::TenantId;

/// See the module.
pub struct Expiry;

impl Expiry {
    /// All rows of a tenant that have expired at `time_ms`: those with `expires_ms <= time_ms`.
    pub fn due(tenant: TenantId, time_ms: u64) -> Range {
        let all = Self::of_tenant(tenant);
        match time_ms.checked_add(1) {
            Some(end) => all.before(Self::start(tenant).u64(end).finish()),
            None => all,
        }
    }

    /// When the row itself says it expires.
    pub fn of_row(row: &[u8], value: &[u8]) -> Result<u64> {
        match row.first().copied().and_then(Tag::from_number) {
            Some(Tag::Dedup) => Ok(Dedup::decode(value)?.expires_ms),
            Some(Tag::Decision) => Ok(Decision::decode(value)?.swept_ms()),
            Some(Tag::Reservation) => Ok(Reservation::decode(value)?.0),
            _ => Err(Self::corrupt("names a table whose rows do not expire")),
        }
    }
}

impl Table for Expiry {
    const TAG: Tag = Tag::Expiry;
    /// When, and the full key of a dedup, decision or reservation row.
    type Key<'a> = (u64, &'a [u8]);
    type Parsed = (u64, Vec<u8>);
    type Row<'a> = ();

    fn write_key(key: Writer, (expires_ms, row): Self::Key<'_>) -> Writer {
        key.u64(expires_ms).bytes(row)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Self::Parsed> {
        Ok((key.u64()?, key.rest().to_vec()))
    }

    fn encode((): &()) -> Bytes {
        Bytes::new()
    }

    fn decode(_value: &[u8]) -> Result<()> {
        Ok(())
    }
}
