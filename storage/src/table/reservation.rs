//! Criteria of conditional interactions that somebody reserved.
//!
//! `11 | tenant | criteria` → `1 | expires_ms | holder`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;

const FORMAT: u8 = 1;

/// See the module.
pub struct Reservation;

impl Table for Reservation {
    const TAG: Tag = Tag::Reservation;
    type Key<'a> = &'a [u8];
    type Parsed = Bytes;
    /// When it expires, and who holds it.
    type Row<'a> = (u64, &'a [u8]);

    fn write_key(key: Writer, criteria: &[u8]) -> Writer {
        key.bytes(criteria)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Bytes> {
        Ok(Bytes::copy_from_slice(key.rest()))
    }

    fn encode((expires_ms, holder): &Self::Row<'_>) -> Bytes {
        Writer::value(FORMAT, 9 + holder.len()).u64(*expires_ms).bytes(holder).finish().into()
    }

    fn decode(value: &[u8]) -> Result<Self::Row<'_>> {
        let mut reader = Self::reader(FORMAT, value)?;
        Ok((reader.u64()?, reader.rest()))
    }
}
