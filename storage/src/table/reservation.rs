//! Criteria of conditional interactions that somebody reserved.
//!
//! `11 | tenant | criteria` → `1 | expires_ms | holder`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;

/// The row's key.
pub fn key(tenant: TenantId, criteria: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Reservation, tenant).bytes(criteria).finish()
}

/// The row's value.
pub fn encode(expires_ms: u64, holder: &[u8]) -> Bytes {
    Writer::value(FORMAT, 9 + holder.len()).u64(expires_ms).bytes(holder).finish().into()
}

/// When it expires, and who holds it.
pub fn decode(value: &[u8]) -> Result<(u64, &[u8])> {
    let mut reader = Reader::value("reservation", FORMAT, value)?;
    Ok((reader.u64()?, reader.rest()))
}
