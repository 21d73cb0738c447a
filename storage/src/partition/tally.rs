//! What is in the chunks of an export, counted on their way.

use super::chunk::{Chunk, Order, corrupt};
use crate::error::Result;
use crate::table::{self, Table, Tag};
use bytes::Bytes;
use proto::id::{TenantId, TypeCode};
use std::collections::BTreeMap;

/// Counts the rows of one [`super::Partition::export`], chunk by chunk, and holds them to be all of them in their order. What tells
/// how far a replica is, and who its voters are, is left out of the counts and of the checksum: so two exports of partitions that hold
/// the same have the same, whatever their logs were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Their keys and values.
    pub bytes: u64,
    /// CRC-32C of all keys and values, in order, each behind its length.
    pub checksum: u32,
    /// Current resources by tenant and type.
    pub resources: BTreeMap<(TenantId, TypeCode), u64>,
    order: Order,
}

impl Tally {
    /// Counts the next chunk.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where it is damaged, not the next one, or of another export, or a row in it has no key of this version.
    pub fn see(&mut self, chunk: &Bytes) -> Result<()> {
        let chunk = Chunk::read(chunk)?;
        self.order.expect(&chunk)?;
        chunk.each_row(|key, value| self.row(key, value))?;
        self.order.took(&chunk);
        Ok(())
    }

    /// Whether the last chunk was seen.
    pub fn is_complete(&self) -> bool {
        self.order.complete
    }

    /// The applied index that the chunks say they are of; known from the first on.
    pub fn applied_index(&self) -> u64 {
        self.order.index
    }

    /// Resources of all types and tenants.
    pub fn resources_total(&self) -> u64 {
        self.resources.values().sum()
    }

    fn row(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let tag = key.first().copied().and_then(Tag::from_number);
        let tag = tag.ok_or_else(|| corrupt("a row of a table that this version does not know"))?;
        if tag == Tag::Meta {
            return Ok(());
        }
        if tag == Tag::Count {
            let (tenant, type_code) = table::Count::parse(key)?;
            self.resources.insert((tenant, type_code), table::Count::decode(value)?);
        }
        self.rows += 1;
        self.bytes += (key.len() + value.len()) as u64;
        let (key_len, value_len) = ((key.len() as u64).to_be_bytes(), (value.len() as u64).to_be_bytes());
        for part in [&key_len[..], key, &value_len, value] {
            self.checksum = crc32c::crc32c_append(self.checksum, part);
        }
        Ok(())
    }
}
