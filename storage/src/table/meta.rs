//! How far the partition is. The applied row is in every batch, so the durable one tells what a crash leaves. Both rows
//! are no tenant's: they belong to the partition.
//!
//! `13 | 0 | 1` → `2 | index | term | time_ms`, where format 1 had no time; `13 | 0 | 2` → `1 | membership bytes`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;
use proto::id::TenantId;

const FORMAT: u8 = 1;
const FORMAT_TIMED: u8 = 2;

/// The row that tells how far the partition is.
pub struct Applied;

/// The row with the membership.
pub struct Membership;

/// How far the partition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppliedRow {
    pub index: u64,
    pub term: u64,
    /// 0: not known.
    pub time_ms: u64,
}

/// The applied row's key.
pub fn applied_key() -> Vec<u8> {
    Applied::key(TenantId(0), ())
}

/// The membership row's key.
pub fn membership_key() -> Vec<u8> {
    Membership::key(TenantId(0), ())
}

fn named<T: Table>(key: &mut Reader<'_>, name: u8) -> Result<()> {
    if key.u8()? == name { Ok(()) } else { Err(T::corrupt("another row's key")) }
}

impl Table for Applied {
    const TAG: Tag = Tag::Meta;
    type Key<'a> = ();
    type Parsed = ();
    type Row<'a> = AppliedRow;

    fn write_key(key: Writer, (): ()) -> Writer {
        key.u8(1)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<()> {
        named::<Self>(key, 1)
    }

    fn encode(row: &AppliedRow) -> Bytes {
        Writer::value(FORMAT_TIMED, 25).u64(row.index).u64(row.term).u64(row.time_ms).finish().into()
    }

    fn decode(value: &[u8]) -> Result<AppliedRow> {
        let timed = value.first() == Some(&FORMAT_TIMED);
        let mut reader = Self::reader(if timed { FORMAT_TIMED } else { FORMAT }, value)?;
        let (index, term) = (reader.u64()?, reader.u64()?);
        let time_ms = if timed { reader.u64()? } else { 0 };
        reader.end()?;
        Ok(AppliedRow { index, term, time_ms })
    }
}

impl Table for Membership {
    const TAG: Tag = Tag::Meta;
    type Key<'a> = ();
    type Parsed = ();
    type Row<'a> = &'a [u8];

    fn write_key(key: Writer, (): ()) -> Writer {
        key.u8(2)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<()> {
        named::<Self>(key, 2)
    }

    fn encode(membership: &&[u8]) -> Bytes {
        Writer::value(FORMAT, 1 + membership.len()).bytes(membership).finish().into()
    }

    fn decode(value: &[u8]) -> Result<&[u8]> {
        Ok(Self::reader(FORMAT, value)?.rest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_before_partitions_had_a_time_are_read() {
        let row = AppliedRow { index: 5, term: 2, time_ms: 1_700_000_000_000 };
        let value = Applied::encode(&row);
        assert_eq!(Applied::decode(&value).unwrap(), row);
        let old = Writer::value(FORMAT, 17).u64(5).u64(2).finish();
        assert_eq!(Applied::decode(&old).unwrap(), AppliedRow { time_ms: 0, ..row });
        assert!(Applied::decode(&value[..24]).is_err());
    }

    #[test]
    fn two_rows_share_the_tag() {
        assert!(Applied::parse(&applied_key()).is_ok() && Membership::parse(&membership_key()).is_ok());
        assert!(Applied::parse(&membership_key()).is_err() && Membership::parse(&applied_key()).is_err());
    }
}
