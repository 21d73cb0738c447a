//! The versions of one type in log order, as binaries before the timeline wrote them: read once, when an old partition
//! is opened. The values are those of the feed.
//!
//! `6 | tenant | type | index | seq` → see [`super::feed`]

use super::{Feed, Table, Tag, feed};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::version::FeedPosition;
use bytes::Bytes;
use proto::id::TypeCode;

/// See the module.
pub struct TypeHistory;

impl Table for TypeHistory {
    const TAG: Tag = Tag::TypeHistory;
    type Key<'a> = (TypeCode, FeedPosition);
    type Parsed = (TypeCode, FeedPosition);
    type Row<'a> = feed::Row;

    fn write_key(key: Writer, (type_code, at): Self::Key<'_>) -> Writer {
        Feed::write_key(key.u16(type_code.0), at)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Self::Parsed> {
        Ok((TypeCode(key.u16()?), Feed::read_key(key)?))
    }

    fn encode(row: &feed::Row) -> Bytes {
        Feed::encode(row)
    }

    fn decode(value: &[u8]) -> Result<feed::Row> {
        Feed::decode(value)
    }
}
