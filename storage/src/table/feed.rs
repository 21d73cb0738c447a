//! Every change of the partition in log order: the tenant's system history, and what the search index replays.
//!
//! `5 | tenant | index | seq` → `1 | kind | version | last_updated_ms | resource key`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::kv::Range;
use crate::version::FeedPosition;
use bytes::Bytes;
use proto::id::{ResourceKey, TenantId};

const FORMAT: u8 = 1;

/// See the module.
pub struct Feed;

/// What a feed row tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Put = 1,
    Delete = 2,
    /// Not a version: the resource moved away.
    Evict = 3,
    /// Not a version: the current one has other index values.
    Reindex = 4,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: ResourceKey,
    pub version: u64,
    pub last_updated_ms: u64,
    pub kind: Kind,
}

impl Feed {
    /// The changes of all tenants from this one on.
    pub fn from_tenant(tenant: TenantId) -> Range {
        Self::all().from(Self::start(tenant).finish())
    }
}

impl Table for Feed {
    const TAG: Tag = Tag::Feed;
    type Key<'a> = FeedPosition;
    type Parsed = FeedPosition;
    type Row<'a> = Row;

    fn write_key(key: Writer, at: FeedPosition) -> Writer {
        key.u64(at.index).u32(at.seq)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<FeedPosition> {
        Ok(FeedPosition { index: key.u64()?, seq: key.u32()? })
    }

    fn encode(row: &Row) -> Bytes {
        Writer::value(FORMAT, 96)
            .u8(row.kind as u8)
            .u64(row.version)
            .u64(row.last_updated_ms)
            .resource(&row.key)
            .finish()
            .into()
    }

    fn decode(value: &[u8]) -> Result<Row> {
        let mut reader = Self::reader(FORMAT, value)?;
        let kind = match reader.u8()? {
            1 => Kind::Put,
            2 => Kind::Delete,
            3 => Kind::Evict,
            4 => Kind::Reindex,
            _ => return Err(reader.corrupt("unknown kind")),
        };
        let (version, last_updated_ms, key) = (reader.u64()?, reader.u64()?, reader.resource()?);
        reader.end()?;
        Ok(Row { key, version, last_updated_ms, kind })
    }
}
