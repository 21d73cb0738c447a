//! Answers to requests with an idempotency key, kept until they expire.
//!
//! `7 | tenant | key` → `1 | expires_ms | response`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;

/// The row's key.
pub fn key(tenant: TenantId, dedup: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Dedup, tenant).bytes(dedup).finish()
}

/// The row's value.
pub fn encode(expires_ms: u64, response: &[u8]) -> Bytes {
    Writer::value(FORMAT, 9 + response.len()).u64(expires_ms).bytes(response).finish().into()
}

/// When it expires, and the answer.
pub fn decode(value: &[u8]) -> Result<(u64, Bytes)> {
    let mut reader = Reader::value("dedup", FORMAT, value)?;
    Ok((reader.u64()?, Bytes::copy_from_slice(reader.rest())))
}
