//! Histories, newest first.

use super::{Partition, get_as};
use crate::error::{Error, Result};
use crate::kv::{Direction, Range, Read};
use crate::table::{feed, history, resource, type_history};
use crate::version::{FeedPosition, Version};
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
        let decode = |value: &[u8]| resource::version(*key, value);
        let current = get_as(&*view, &resource::key(tenant, key), decode)?;
        let wanted = |version: &Version| before.is_none_or(|before| version.version < before);
        let mut versions: Vec<_> = current.into_iter().filter(wanted).take(limit).collect();
        let range = history::range(tenant, key);
        let range = match before {
            Some(before) => range.before(history::key(tenant, key, before)),
            None => range,
        };
        let mut cursor = view.scan(&range, Direction::Descending)?;
        while versions.len() < limit && cursor.advance()? {
            versions.push(decode(cursor.value())?);
        }
        Ok(versions)
    }

    /// The versions of all resources of a type, newest first: at most `limit`, from before a place where it is given.
    pub fn type_history(
        &self,
        tenant: TenantId,
        type_code: TypeCode,
        before: Option<FeedPosition>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        let range = type_history::range(tenant, type_code);
        let range = match before {
            Some(before) => range.before(type_history::key(tenant, type_code, before)),
            None => range,
        };
        self.feed_history(tenant, &range, limit)
    }

    /// The versions of all resources of a tenant, newest first: at most `limit`, from before a place where it is given.
    pub fn system_history(
        &self,
        tenant: TenantId,
        before: Option<FeedPosition>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        let range = feed::range(tenant);
        let range = match before {
            Some(before) => range.before(feed::key(tenant, before)),
            None => range,
        };
        self.feed_history(tenant, &range, limit)
    }

    fn feed_history(&self, tenant: TenantId, range: &Range, limit: usize) -> Result<Vec<Version>> {
        let view = self.engine.snapshot()?;
        let mut cursor = view.scan(range, Direction::Descending)?;
        let mut versions = vec![];
        while versions.len() < limit && cursor.advance()? {
            let row = feed::Row::decode(cursor.value())?;
            if row.kind != feed::Kind::Evict {
                versions.push(version_of(&*view, tenant, &row)?);
            }
        }
        Ok(versions)
    }
}

/// The version a feed row names; it is current or in the history, or the view is not consistent.
fn version_of(view: &dyn Read, tenant: TenantId, row: &feed::Row) -> Result<Version> {
    let wanted = |value: &[u8]| {
        let (head, _) = resource::Head::decode(value)?;
        (head.version == row.version).then(|| resource::version(row.key, value)).transpose()
    };
    if let Some(found) = get_as(view, &resource::key(tenant, &row.key), wanted)?.flatten() {
        return Ok(found);
    }
    let decode = |value: &[u8]| resource::version(row.key, value);
    let found = get_as(view, &history::key(tenant, &row.key, row.version), decode)?;
    found.ok_or(Error::Corrupt { table: "feed", reason: "names a version that is not there" })
}
