//! Answers to requests with an idempotency key, kept until they expire.
//!
//! `7 | tenant | key` → `2 | expires_ms | fingerprint | response`; format 1 had no fingerprint.

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::version::Answered;
use bytes::Bytes;

const FORMAT: u8 = 2;
const FORMAT_BARE: u8 = 1;

/// See the module.
pub struct Dedup;

impl Table for Dedup {
    const TAG: Tag = Tag::Dedup;
    type Key<'a> = &'a [u8];
    type Parsed = Bytes;
    type Row<'a> = Answered;

    fn write_key(key: Writer, dedup: &[u8]) -> Writer {
        key.bytes(dedup)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(key.rest()))
    }

    fn encode(row: &Answered) -> Bytes {
        let value = Writer::value(FORMAT, 17 + row.response.len()).u64(row.expires_ms).u64(row.fingerprint);
        value.bytes(&row.response).finish().into()
    }

    fn decode(value: &[u8]) -> Result<Answered> {
        let bare = value.first() == Some(&FORMAT_BARE);
        let mut reader = Self::reader(if bare { FORMAT_BARE } else { FORMAT }, value)?;
        let expires_ms = reader.u64()?;
        let fingerprint = if bare { 0 } else { reader.u64()? };
        Ok(Answered { expires_ms, fingerprint, response: Bytes::copy_from_slice(reader.rest()) })
    }
}
