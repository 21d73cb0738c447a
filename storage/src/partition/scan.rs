//! Scans of one compartment.

use super::Partition;
use crate::error::Result;
use crate::kv::{Cursor, Direction};
use crate::table::{index_values, resource};
use crate::version::{IndexRow, Version};
use proto::id::{CompartmentKey, TenantId, TypeCode};

impl Partition {
    /// The index values of all resources of a compartment, or of one type in it, ordered by type and id; deleted ones
    /// are left out. A consistent view of now.
    pub fn scan_compartment(
        &self,
        tenant: TenantId,
        compartment: &CompartmentKey,
        type_code: Option<TypeCode>,
    ) -> Result<IndexRows<'_>> {
        let range = index_values::range(tenant, compartment, type_code);
        Ok(IndexRows { cursor: self.engine.scan(&range, Direction::Ascending)? })
    }

    /// The current versions of a compartment, or of one type in it, ordered by type and id; deleted ones are left out.
    /// A consistent view of now.
    pub fn scan_versions(
        &self,
        tenant: TenantId,
        compartment: &CompartmentKey,
        type_code: Option<TypeCode>,
    ) -> Result<Versions<'_>> {
        let range = resource::range(tenant, compartment, type_code);
        Ok(Versions { cursor: self.engine.scan(&range, Direction::Ascending)? })
    }
}

/// Iterates over index values.
pub struct IndexRows<'p> {
    cursor: Box<dyn Cursor + 'p>,
}

impl Iterator for IndexRows<'_> {
    type Item = Result<IndexRow>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.cursor.advance() {
            Ok(true) => Some(index_values::decode(self.cursor.key(), self.cursor.value())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// Iterates over current versions.
pub struct Versions<'p> {
    cursor: Box<dyn Cursor + 'p>,
}

impl Iterator for Versions<'_> {
    type Item = Result<Version>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.cursor.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
            let key = resource::key_of(self.cursor.key());
            match key.and_then(|key| resource::version(key, self.cursor.value())) {
                Ok(version) if version.is_deleted() => {}
                found => return Some(found),
            }
        }
    }
}
