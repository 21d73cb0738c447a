//! Superseded versions. The values are those of the resource table, moved here unchanged.
//!
//! `3 | tenant | slot | compartment type | compartment id | type | id | version` → see [`super::resource`]

use super::{Resource, Table, Tag};
use crate::error::Result;
use crate::key::{Reader, Writer};
use crate::kv::Range;
use bytes::Bytes;
use proto::id::{ResourceKey, TenantId};

/// See the module.
pub struct History;

impl History {
    /// All versions of one resource.
    pub fn of_resource(tenant: TenantId, resource: &ResourceKey) -> Range {
        Range::prefix(Self::start(tenant).resource(resource).finish())
    }
}

impl Table for History {
    const TAG: Tag = Tag::History;
    /// The resource, and which version of it.
    type Key<'a> = (&'a ResourceKey, u64);
    type Parsed = (ResourceKey, u64);
    type Row<'a> = <Resource as Table>::Row<'a>;

    fn write_key(key: Writer, (resource, version): Self::Key<'_>) -> Writer {
        key.resource(resource).u64(version)
    }

    fn read_key(key: &mut Reader<'_>) -> Result<Self::Parsed> {
        Ok((key.resource()?, key.u64()?))
    }

    fn encode(row: &Self::Row<'_>) -> Bytes {
        Resource::encode(row)
    }

    fn decode(value: &[u8]) -> Result<Self::Row<'_>> {
        Resource::decode(value)
    }
}
