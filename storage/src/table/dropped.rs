//! That a tenant ended: its rows are going or gone, and nothing of it is taken any more. Its number is nobody else's, so the row stays.
//!
//! `18 | tenant` → `1`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;

const FORMAT: u8 = 1;

/// See the module.
pub struct Dropped;

impl Table for Dropped {
    const TAG: Tag = Tag::Dropped;
    type Key<'a> = ();
    type Parsed = ();
    type Row<'a> = ();

    fn write_key(key: Writer, (): ()) -> Writer {
        key
    }

    fn read_key(_: &mut Reader<'_>) -> Result<()> {
        Ok(())
    }

    fn encode((): &()) -> Bytes {
        Writer::value(FORMAT, 1).finish().into()
    }

    fn decode(value: &[u8]) -> Result<()> {
        Self::reader(FORMAT, value)?.end()
    }
}
