//! How far the partition is. The applied row is in every batch, so the durable one tells what a crash leaves.
//!
//! `13 | 0 | 1` → `2 | index | term | time_ms`, where format 1 had no time; `13 | 0 | 2` → `1 | membership bytes`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;
const FORMAT_TIMED: u8 = 2;

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

/// How far the partition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppliedRow {
    pub index: u64,
    pub term: u64,
    /// 0: not known.
    pub time_ms: u64,
}

impl AppliedRow {
    /// The row's value.
    pub fn encode(&self) -> Bytes {
        Writer::value(FORMAT_TIMED, 25).u64(self.index).u64(self.term).u64(self.time_ms).finish().into()
    }

    /// The row in a value.
    pub fn decode(value: &[u8]) -> Result<Self> {
        let timed = value.first() == Some(&FORMAT_TIMED);
        let mut reader = Reader::value("meta", if timed { FORMAT_TIMED } else { FORMAT }, value)?;
        let (index, term) = (reader.u64()?, reader.u64()?);
        let time_ms = if timed { reader.u64()? } else { 0 };
        reader.end()?;
        Ok(AppliedRow { index, term, time_ms })
    }
}

/// The membership row's value.
pub fn encode_membership(membership: &[u8]) -> Bytes {
    Writer::value(FORMAT, 1 + membership.len()).bytes(membership).finish().into()
}

/// The membership in a value.
pub fn decode_membership(value: &[u8]) -> Result<Bytes> {
    Ok(Bytes::copy_from_slice(Reader::value("meta", FORMAT, value)?.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_before_partitions_had_a_time_are_read() {
        let row = AppliedRow { index: 5, term: 2, time_ms: 1_700_000_000_000 };
        assert_eq!(AppliedRow::decode(&row.encode()).unwrap(), row);
        let old = Writer::value(FORMAT, 17).u64(5).u64(2).finish();
        assert_eq!(AppliedRow::decode(&old).unwrap(), AppliedRow { time_ms: 0, ..row });
        assert!(AppliedRow::decode(&row.encode()[..24]).is_err());
    }
}
