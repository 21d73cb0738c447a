//! Scans of one compartment.

use super::Partition;
use crate::error::Result;
use crate::kv::{Cursor, Direction};
use crate::table::{self, Table};
use crate::version::{IndexRow, Version};
use proto::id::{CompartmentKey, ResourceKey, TenantId, TypeCode};

impl Partition {
    /// The index values of all resources of a compartment, or of one type in it, ordered by type and id; deleted ones
    /// are left out. A consistent view of now.
    pub fn scan_compartment(
        &self,
        tenant: TenantId,
        compartment: &CompartmentKey,
        type_code: Option<TypeCode>,
    ) -> Result<IndexRows<'_>> {
        let range = table::of_compartment::<table::IndexValues>(tenant, compartment, type_code);
        Ok(IndexRows { cursor: self.engine.scan(&range, Direction::Ascending)? })
    }

    /// The index values of all resources of a tenant behind a key, in the order of keys; deleted ones are left out. A consistent
    /// view of now.
    pub fn scan_index(&self, tenant: TenantId, after: Option<&ResourceKey>) -> Result<IndexRows<'_>> {
        let all = table::IndexValues::of_tenant(tenant);
        let range = match after {
            // No key begins with another one, so the next possible one is the key and a zero.
            Some(key) => all.from([table::IndexValues::key(tenant, key), vec![0]].concat()),
            None => all,
        };
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
        let range = table::of_compartment::<table::Resource>(tenant, compartment, type_code);
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
            Ok(true) => Some(row(&*self.cursor)),
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
            match version(&*self.cursor) {
                Ok(version) if version.is_deleted() => {}
                found => return Some(found),
            }
        }
    }
}

fn row(cursor: &dyn Cursor) -> Result<IndexRow> {
    let (_, key) = table::IndexValues::parse(cursor.key())?;
    table::IndexValues::row(key, cursor.value())
}

fn version(cursor: &dyn Cursor) -> Result<Version> {
    let (_, key) = table::Resource::parse(cursor.key())?;
    table::Resource::version(key, cursor.value())
}
