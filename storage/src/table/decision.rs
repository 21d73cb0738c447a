//! Decisions of the transactions this partition coordinates. One to commit stays until all its participants have finished.
//!
//! `10 | tenant | transaction` → `1 | commit | expires_ms | participant partitions, u16 each`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;

/// The expiry of a row that only Forget removes.
pub const NEVER: u64 = u64::MAX;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub commit: bool,
    pub expires_ms: u64,
    pub participants: Vec<u16>,
}

/// The row's key.
pub fn key(tenant: TenantId, transaction: &[u8]) -> Vec<u8> {
    Writer::key(Tag::Decision, tenant).bytes(transaction).finish()
}

/// All decisions of all tenants, from `after` on where it is given, a key of this table.
pub fn range_after(after: Option<&[u8]>) -> Range {
    let all = Range::prefix(vec![Tag::Decision as u8]);
    match after {
        Some(after) => all.from([after, &[0]].concat()),
        None => all,
    }
}

/// Tenant and transaction in a key.
pub fn name_of(key: &[u8]) -> Result<(TenantId, Bytes)> {
    let (reader, tenant) = Reader::key("decision", Tag::Decision, key)?;
    Ok((tenant, Bytes::copy_from_slice(reader.rest())))
}

impl Row {
    /// When a sweep may remove the row. Older rows carry a date even where participants may not have finished.
    pub fn swept_ms(&self) -> u64 {
        let needed = self.commit && !self.participants.is_empty();
        if needed { NEVER } else { self.expires_ms }
    }

    /// The row's value.
    pub fn encode(&self) -> Bytes {
        let writer = Writer::value(FORMAT, 10 + 2 * self.participants.len());
        let writer = writer.u8(u8::from(self.commit)).u64(self.expires_ms);
        self.participants.iter().fold(writer, |writer, partition| writer.u16(*partition)).finish().into()
    }

    /// The row in a value.
    pub fn decode(value: &[u8]) -> Result<Self> {
        let mut reader = Reader::value("decision", FORMAT, value)?;
        let (commit, expires_ms) = (reader.u8()? == 1, reader.u64()?);
        let (pairs, rest) = reader.rest().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(crate::Error::Corrupt { table: "decision", reason: "half a participant" });
        }
        let participants = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        Ok(Row { commit, expires_ms, participants })
    }
}
