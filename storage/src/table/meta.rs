//! How far the partition is. The applied row is in every batch, so the durable one tells what a crash leaves.
//!
//! `13 | 0 | 1` → `1 | index | term`; `13 | 0 | 2` → `1 | membership bytes`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;

fn key(name: u8) -> Vec<u8> {
    // No tenant's: these belong to the partition.
    Writer::key(Tag::Meta, TenantId(0)).u8(name).finish()
}

/// The applied row's key.
pub fn applied_key() -> Vec<u8> {
    key(1)
}

/// The membership row's key.
pub fn membership_key() -> Vec<u8> {
    key(2)
}

/// The applied row's value.
pub fn encode_applied(index: u64, term: u64) -> Bytes {
    Writer::value(FORMAT, 17).u64(index).u64(term).finish().into()
}

/// Index and term.
pub fn decode_applied(value: &[u8]) -> Result<(u64, u64)> {
    let mut reader = Reader::value("meta", FORMAT, value)?;
    let applied = (reader.u64()?, reader.u64()?);
    reader.end()?;
    Ok(applied)
}

/// The membership row's value.
pub fn encode_membership(membership: &[u8]) -> Bytes {
    Writer::value(FORMAT, 1 + membership.len()).bytes(membership).finish().into()
}

/// The membership in a value.
pub fn decode_membership(value: &[u8]) -> Result<Bytes> {
    Ok(Bytes::copy_from_slice(Reader::value("meta", FORMAT, value)?.rest()))
}
