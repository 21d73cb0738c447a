//! Index values of current, not deleted versions, in the order of the resource table, so that a search inside a
//! compartment reads no bodies.
//!
//! `2 | tenant | slot | compartment type | compartment id | type | id` → `1 | version | last_updated_ms | values`

use super::{Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::version::IndexRow;
use bytes::Bytes;
use proto::id::ResourceKey;

const FORMAT: u8 = 1;

/// See the module.
pub struct IndexValues;

/// The index values of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    pub version: u64,
    pub last_updated_ms: u64,
    pub index_values: &'a [u8],
}

impl IndexValues {
    /// The row behind a key; copies the values once.
    pub fn row(key: ResourceKey, value: &[u8]) -> Result<IndexRow> {
        let Row { version, last_updated_ms, index_values } = Self::decode(value)?;
        Ok(IndexRow { key, version, last_updated_ms, index_values: Bytes::copy_from_slice(index_values) })
    }
}

impl Table for IndexValues {
    const TAG: Tag = Tag::IndexValues;
    type Key<'a> = &'a ResourceKey;
    type Parsed = ResourceKey;
    type Row<'a> = Row<'a>;

    fn write_key(key: Writer, resource: &ResourceKey) -> Writer {
        key.resource(resource)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<ResourceKey> {
        key.resource()
    }

    fn encode(row: &Row<'_>) -> Bytes {
        Writer::value(FORMAT, 17 + row.index_values.len())
            .u64(row.version)
            .u64(row.last_updated_ms)
            .bytes(row.index_values)
            .finish()
            .into()
    }

    fn decode(value: &[u8]) -> Result<Row<'_>> {
        let mut reader = Self::reader(FORMAT, value)?;
        let (version, last_updated_ms) = (reader.u64()?, reader.u64()?);
        Ok(Row { version, last_updated_ms, index_values: reader.rest() })
    }
}
