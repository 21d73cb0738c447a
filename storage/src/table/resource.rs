//! Current versions, in compartment order.
//!
//! `1 | tenant | slot | compartment type | compartment id | type | id` →
//! `1 | method | version | last_updated_ms | index | seq | body`

use crate::error::Result;
use crate::key::{Reader, Tag, Writer};
use crate::kv::Range;
use crate::version::{Method, Version};
use bytes::Bytes;
use proto::id::{CompartmentKey, ResourceKey, TenantId, TypeCode};

const FORMAT: u8 = 1;
const HEAD_LEN: usize = 1 + 1 + 8 + 8 + 8 + 4;

/// The row's key, which is also what a lock on the resource names.
pub fn key(tenant: TenantId, resource: &ResourceKey) -> Vec<u8> {
    Writer::key(Tag::Resource, tenant).resource(resource).finish()
}

/// All resources of a compartment, or those of one type.
pub fn range(tenant: TenantId, compartment: &CompartmentKey, type_code: Option<TypeCode>) -> Range {
    let prefix = Writer::key(Tag::Resource, tenant).compartment(compartment);
    Range::prefix(match type_code {
        Some(type_code) => prefix.u16(type_code.0).finish(),
        None => prefix.finish(),
    })
}

/// The resource in a key.
pub fn key_of(key: &[u8]) -> Result<ResourceKey> {
    let (mut reader, _) = Reader::key("resource", Tag::Resource, key)?;
    let resource = reader.resource()?;
    reader.end()?;
    Ok(resource)
}

/// Everything of a version but its key and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: Method,
    pub version: u64,
    pub last_updated_ms: u64,
    pub index: u64,
    pub seq: u32,
}

impl Head {
    /// The row's value.
    pub fn encode(&self, body: &[u8]) -> Bytes {
        Writer::value(FORMAT, HEAD_LEN + body.len())
            .u8(self.method as u8)
            .u64(self.version)
            .u64(self.last_updated_ms)
            .u64(self.index)
            .u32(self.seq)
            .bytes(body)
            .finish()
            .into()
    }

    /// The head and the body of a value.
    pub fn decode(value: &[u8]) -> Result<(Self, &[u8])> {
        let mut reader = Reader::value("resource", FORMAT, value)?;
        let method = Method::from_number(reader.u8()?).ok_or_else(|| reader.corrupt("unknown method"))?;
        let (version, last_updated_ms) = (reader.u64()?, reader.u64()?);
        let (index, seq) = (reader.u64()?, reader.u32()?);
        Ok((Head { method, version, last_updated_ms, index, seq }, reader.rest()))
    }
}

/// The version in a value; copies the body once.
pub fn version(key: ResourceKey, value: &[u8]) -> Result<Version> {
    let (head, body) = Head::decode(value)?;
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
