//! Every change of the partition in log order: the tenant's system history, and what the search index replays.
//!
//! `5 | tenant | index | seq` → `1 | kind | version | last_updated_ms | resource key`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use crate::version::FeedPosition;
use bytes::Bytes;
use proto::id::{ResourceKey, TenantId};

const FORMAT: u8 = 1;

/// What a feed row tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Put = 1,
    Delete = 2,
    /// Not a version: the resource moved away.
    Evict = 3,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: ResourceKey,
    pub version: u64,
    pub last_updated_ms: u64,
    pub kind: Kind,
}

/// The row's key.
pub fn key(tenant: TenantId, at: FeedPosition) -> Vec<u8> {
    Writer::key(Tag::Feed, tenant).u64(at.index).u32(at.seq).finish()
}

/// All changes of a tenant.
pub fn range(tenant: TenantId) -> Range {
    Range::prefix(Writer::key(Tag::Feed, tenant).finish())
}

/// The changes of all tenants from this one on.
pub fn range_from(tenant: TenantId) -> Range {
    Range::prefix(vec![Tag::Feed as u8]).from(Writer::key(Tag::Feed, tenant).finish())
}

/// Tenant and place in a key.
pub fn position_of(key: &[u8]) -> Result<(TenantId, FeedPosition)> {
    let (mut reader, tenant) = Reader::key("feed", Tag::Feed, key)?;
    let at = FeedPosition { index: reader.u64()?, seq: reader.u32()? };
    reader.end()?;
    Ok((tenant, at))
}

impl Row {
    /// The value, here and in the type history.
    pub fn encode(&self) -> Bytes {
        Writer::value(FORMAT, 96)
            .u8(self.kind as u8)
            .u64(self.version)
            .u64(self.last_updated_ms)
            .resource(&self.key)
            .finish()
            .into()
    }

    /// The row in a value.
    pub fn decode(value: &[u8]) -> Result<Self> {
        let mut reader = Reader::value("feed", FORMAT, value)?;
        let kind = match reader.u8()? {
            1 => Kind::Put,
            2 => Kind::Delete,
            3 => Kind::Evict,
            _ => return Err(reader.corrupt("unknown kind")),
        };
        let (version, last_updated_ms, key) = (reader.u64()?, reader.u64()?, reader.resource()?);
        reader.end()?;
        Ok(Row { key, version, last_updated_ms, kind })
    }
}
