//! Histories, newest first.

use super::{Partition, get_as};
use crate::error::Result;
use crate::kv::{Cursor, Direction, Read};
use crate::table::{self, Table, meta};
use crate::version::{HistoryPlace, Origin, Version};
use proto::id::{ResourceKey, TenantId, TypeCode};

impl Partition {
    /// The versions of one resource, deletions included, newest first: at most `limit`, older than `before` where it
    /// is given.
    pub fn instance_history(
        &self,
        tenant: TenantId,
        key: &ResourceKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        let view = self.engine.snapshot()?;
        let decode = |value: &[u8]| table::Resource::version(*key, value);
        let current = get_as(&*view, &table::Resource::key(tenant, key), decode)?;
        let wanted = |version: &Version| before.is_none_or(|before| version.version < before);
        let mut versions: Vec<_> = current.into_iter().filter(wanted).take(limit).collect();
        let range = table::History::of_resource(tenant, key);
        let range = match before {
            Some(before) => range.before(table::History::key(tenant, (key, before))),
            None => range,
        };
        let mut cursor = view.scan(&range, Direction::Descending)?;
        while versions.len() < limit && cursor.advance()? {
            versions.push(decode(cursor.value())?);
        }
        Ok(versions)
    }

    /// Where a version that is here was written first: goes along when its resource moves. `None`: it is not here.
    pub fn origin(&self, tenant: TenantId, version: &Version) -> Result<Option<Origin>> {
        let row =
            get_as(&*self.engine, &table::Timeline::key(tenant, &version.place()), table::Timeline::decode)?;
        Ok(row.map(|row| row.origin))
    }

    /// All versions of this partition as they are now, for the histories of types and tenants.
    pub fn histories(&self) -> Result<Histories<'_>> {
        let view = self.engine.snapshot()?;
        let applied = get_as(&*view, &meta::applied_key(), table::Applied::decode)?;
        Ok(Histories { view, applied_index: applied.map_or(0, |row| row.index) })
    }
}

/// A frozen view of a partition's versions.
pub struct Histories<'p> {
    view: Box<dyn Read + 'p>,
    applied_index: u64,
}

/// A version that is listed, without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// In the order of the histories.
    pub place: HistoryPlace,
    /// Of its resource.
    pub key: ResourceKey,
    /// Where it was written first.
    pub origin: Origin,
}

/// The versions of one type, newest first.
pub struct Places<'h> {
    cursor: Box<dyn Cursor + 'h>,
}

impl Histories<'_> {
    /// The last log entry whose writes are seen.
    pub fn applied_index(&self) -> u64 {
        self.applied_index
    }

    /// The types a tenant has versions of, in ascending order.
    pub fn types(&self, tenant: TenantId) -> Result<Vec<TypeCode>> {
        let mut types = vec![];
        let mut next = Some(0);
        while let Some(first) = next {
            let mut cursor =
                self.view.scan(&table::Timeline::from_type(tenant, TypeCode(first)), Direction::Ascending)?;
            if !cursor.advance()? {
                break;
            }
            let found = table::Timeline::parse(cursor.key())?.1.type_code;
            types.push(found);
            next = found.0.checked_add(1);
        }
        Ok(types)
    }

    /// The versions of a type that are of the time `since_ms` or later and, where it is given, before a place: the places
    /// of other types count too.
    pub fn newest_first(
        &self,
        tenant: TenantId,
        type_code: TypeCode,
        since_ms: u64,
        before: Option<&HistoryPlace>,
    ) -> Result<Places<'_>> {
        let range = table::Timeline::of_type(tenant, type_code)
            .from(table::Timeline::since(tenant, type_code, since_ms));
        let range = match before {
            Some(place) if place.type_code == type_code => range.before(table::Timeline::key(tenant, place)),
            Some(place) => {
                // Of equal times the greater type is the newer.
                let later = u64::from(type_code < place.type_code);
                let end = place.last_updated_ms.checked_add(later);
                end.map_or(range.clone(), |end| range.before(table::Timeline::since(tenant, type_code, end)))
            }
            None => range,
        };
        Ok(Places { cursor: self.view.scan(&range, Direction::Descending)? })
    }

    /// Every version of a tenant with its body, newest first. Reads everything.
    pub fn all(&self, tenant: TenantId) -> Result<Vec<Version>> {
        let mut versions = vec![];
        for type_code in self.types(tenant)? {
            for listed in self.newest_first(tenant, type_code, 0, None)? {
                versions.push(self.version(tenant, &listed?)?);
            }
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.place()));
        Ok(versions)
    }

    /// The version that is listed, with its body.
    pub fn version(&self, tenant: TenantId, listed: &Listed) -> Result<Version> {
        let wanted = |value: &[u8]| {
            let (head, _) = table::Resource::decode(value)?;
            (head.version == listed.place.version)
                .then(|| table::Resource::version(listed.key, value))
                .transpose()
        };
        if let Some(found) =
            get_as(&*self.view, &table::Resource::key(tenant, &listed.key), wanted)?.flatten()
        {
            return Ok(found);
        }
        let decode = |value: &[u8]| table::Resource::version(listed.key, value);
        let key = table::History::key(tenant, (&listed.key, listed.place.version));
        let found = get_as(&*self.view, &key, decode)?;
        found.ok_or(table::Timeline::corrupt("names a version that is not there"))
    }
}

impl Iterator for Places<'_> {
    type Item = Result<Listed>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.cursor.advance() {
            Ok(true) => Some(listed(self.cursor.key(), self.cursor.value())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

fn listed(key: &[u8], value: &[u8]) -> Result<Listed> {
    let (_, place) = table::Timeline::parse(key)?;
    let row = table::Timeline::decode(value)?;
    let key = ResourceKey { compartment: row.compartment, type_code: place.type_code, id: place.id };
    Ok(Listed { place, key, origin: row.origin })
}
