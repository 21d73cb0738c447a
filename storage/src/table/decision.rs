//! Decisions of the transactions this partition coordinates. Kept long after every participant should have asked.
//!
//! `10 | tenant | transaction` → `1 | commit | expires_ms | participant partitions, u16 each`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;

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

impl Row {
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
