//! How many current, not deleted resources of a type this partition holds. No row means none.
//!
//! `12 | tenant | type` → `1 | count`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use bytes::Bytes;
use proto::id::TypeCode;

const FORMAT: u8 = 1;

/// See the module.
pub struct Count;

impl Table for Count {
    const TAG: Tag = Tag::Count;
    type Key<'a> = TypeCode;
    type Parsed = TypeCode;
    type Row<'a> = u64;

    fn write_key(key: Writer, type_code: TypeCode) -> Writer {
        key.u16(type_code.0)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<TypeCode> {
        Ok(TypeCode(key.u16()?))
    }

    fn encode(count: &u64) -> Bytes {
        Writer::value(FORMAT, 9).u64(*count).finish().into()
    }

    fn decode(value: &[u8]) -> Result<u64> {
        let mut reader = Self::reader(FORMAT, value)?;
        let count = reader.u64()?;
        reader.end()?;
        Ok(count)
    }
}
