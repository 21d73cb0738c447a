//! The least generation of search parameters whose index values the partition takes, of tenants that have some of their own.
//!
//! `17 | tenant` → `1 | generation`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;

const FORMAT: u8 = 1;

/// See the module.
pub struct Generation;

/// The one row of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub least: u32,
}

impl Table for Generation {
    const TAG: Tag = Tag::Generation;
    type Key<'a> = ();
    type Parsed = ();
    type Row<'a> = Row;

    fn write_key(key: Writer, (): ()) -> Writer {
        key
    }

    fn read_key(_: &mut Reader<'_>) -> Result<()> {
        Ok(())
    }

    fn encode(row: &Row) -> Bytes {
        Writer::value(FORMAT, 5).u32(row.least).finish().into()
    }

    fn decode(value: &[u8]) -> Result<Row> {
        let mut reader = Self::reader(FORMAT, value)?;
        let least = reader.u32()?;
        reader.end()?;
        Ok(Row { least })
    }
}
