//! Answers to requests with an idempotency key, kept until they expire.
//!
//! `7 | tenant | key` → `2 | expires_ms | fingerprint | response`; format 1 had no fingerprint.

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::version::Answered;
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 2;
const FORMAT_BARE: u8 = 1;

/// The row's key.
pub fn key(tenant: TenantId, dedup: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Dedup, tenant).bytes(dedup).finish()
}

/// The row's value.
pub fn encode(row: &Answered) -> Bytes {
    let value = Writer::value(FORMAT, 17 + row.response.len()).u64(row.expires_ms).u64(row.fingerprint);
    value.bytes(&row.response).finish().into()
}

/// When it expires, whose it is, and the answer.
pub fn decode(value: &[u8]) -> Result<Answered> {
    let bare = value.first() == Some(&FORMAT_BARE);
    let mut reader = Reader::value("dedup", if bare { FORMAT_BARE } else { FORMAT }, value)?;
    let expires_ms = reader.u64()?;
    let fingerprint = if bare { 0 } else { reader.u64()? };
    Ok(Answered { expires_ms, fingerprint, response: Bytes::copy_from_slice(reader.rest()) })
}
