//! Current versions, in compartment order. Their keys are also what a lock on a resource names.
//!
//! `1 | tenant | slot | compartment type | compartment id | type | id` →
//! `1 | method | version | last_updated_ms | index | seq | body`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::version::{Method, Version};
use bytes::Bytes;
use proto::id::ResourceKey;

const FORMAT: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 8 + 8 + 8 + 4;

/// See the module.
pub struct Resource;

/// Everything of a version but its key and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: Method,
    pub version: u64,
    pub last_updated_ms: u64,
    pub index: u64,
    pub seq: u32,
}

impl Resource {
    /// The version behind a key; copies the body once.
    pub fn version(key: ResourceKey, value: &[u8]) -> Result<Version> {
        let (head, body) = Self::decode(value)?;
        Ok(Version {
            key,
            version: head.version,
            last_updated_ms: head.last_updated_ms,
            method: head.method,
            body: Bytes::copy_from_slice(body),
            index: head.index,
            seq: head.seq,
        })
    }
}

impl Table for Resource {
    const TAG: Tag = Tag::Resource;
    type Key<'a> = &'a ResourceKey;
    type Parsed = ResourceKey;
    /// Head and body.
    type Row<'a> = (Head, &'a [u8]);

    fn write_key(key: Writer, resource: &ResourceKey) -> Writer {
        key.resource(resource)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<ResourceKey> {
        key.resource()
    }

    fn encode((head, body): &Self::Row<'_>) -> Bytes {
        Writer::value(FORMAT, HEAD_LEN + body.len())
            .u8(head.method as u8)
            .u64(head.version)
            .u64(head.last_updated_ms)
            .u64(head.index)
            .u32(head.seq)
            .bytes(body)
            .finish()
            .into()
    }

    fn decode(value: &[u8]) -> Result<Self::Row<'_>> {
        let mut reader = Self::reader(FORMAT, value)?;
        let method = Method::from_number(reader.u8()?).ok_or_else(|| reader.corrupt("unknown method"))?;
        let (version, last_updated_ms) = (reader.u64()?, reader.u64()?);
        let (index, seq) = (reader.u64()?, reader.u32()?);
        Ok((Head { method, version, last_updated_ms, index, seq }, reader.rest()))
    }
}
