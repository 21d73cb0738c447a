//! Decisions of the transactions this partition coordinates. One to commit stays until all its participants have finished.
//!
//! `10 | tenant | transaction` → `1 | commit | expires_ms | participant partitions, u16 each`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::kv::Range;
use bytes::Bytes;

const FORMAT: u8 = 1;

/// The expiry of a row that only Forget removes.
pub const NEVER: u64 = u64::MAX;

/// See the module.
pub struct Decision;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub commit: bool,
    pub expires_ms: u64,
    pub participants: Vec<u16>,
}

impl Row {
    /// When a sweep may remove the row. Older rows carry a date even where participants may not have finished.
    pub fn swept_ms(&self) -> u64 {
        let needed = self.commit && !self.participants.is_empty();
        if needed { NEVER } else { self.expires_ms }
    }
}

impl Decision {
    /// All decisions of all tenants, after `after` where it is given, a key of this table.
    pub fn after(after: Option<&[u8]>) -> Range {
        match after {
            Some(after) => Self::all().behind(after),
            None => Self::all(),
        }
    }
}

impl Table for Decision {
    const TAG: Tag = Tag::Decision;
    type Key<'a> = &'a [u8];
    type Parsed = Bytes;
    type Row<'a> = Row;

    fn write_key(key: Writer, transaction: &[u8]) -> Writer {
        key.bytes(transaction)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(key.rest()))
    }

    fn encode(row: &Row) -> Bytes {
        let writer = Writer::value(FORMAT, 10 + 2 * row.participants.len());
        let writer = writer.u8(u8::from(row.commit)).u64(row.expires_ms);
        row.participants.iter().fold(writer, |writer, partition| writer.u16(*partition)).finish().into()
    }

    fn decode(value: &[u8]) -> Result<Row> {
        let mut reader = Self::reader(FORMAT, value)?;
        let (commit, expires_ms) = (reader.u8()? == 1, reader.u64()?);
        let (pairs, rest) = reader.rest().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Self::corrupt("half a participant"));
        }
        let participants = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
        Ok(Row { commit, expires_ms, participants })
    }
}
