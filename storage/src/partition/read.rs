//! Point reads.

use super::{Partition, get_as};
use crate::error::Result;
use crate::kv::Direction;
use crate::table::{self, Table, decision};
use crate::version::{Answered, Decided, IndexRow, Lock, Prepared, Version};
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TenantId, TypeCode};

impl Partition {
    /// The current version, a deletion included; `None` where the resource never existed here. The body is copied
    /// once.
    pub fn get(&self, tenant: TenantId, key: &ResourceKey) -> Result<Option<Version>> {
        get_as(&*self.engine, &table::Resource::key(tenant, key), |value| {
            table::Resource::version(*key, value)
        })
    }

    /// One version, current or superseded.
    pub fn get_version(&self, tenant: TenantId, key: &ResourceKey, version: u64) -> Result<Option<Version>> {
        // The current one first: a version leaves there for the history, never the other way.
        let wanted = |value: &[u8]| {
            let (head, _) = table::Resource::decode(value)?;
            (head.version == version).then(|| table::Resource::version(*key, value)).transpose()
        };
        if let Some(found) = get_as(&*self.engine, &table::Resource::key(tenant, key), wanted)?.flatten() {
            return Ok(Some(found));
        }
        get_as(&*self.engine, &table::History::key(tenant, (key, version)), |value| {
            table::Resource::version(*key, value)
        })
    }

    /// The index values of the current version; `None` where there is none or it is deleted.
    pub fn index_row(&self, tenant: TenantId, key: &ResourceKey) -> Result<Option<IndexRow>> {
        let decode = |value: &[u8]| table::IndexValues::row(*key, value);
        get_as(&*self.engine, &table::IndexValues::key(tenant, key), decode)
    }

    /// The compartment the directory row at a home slot names. `None`: no row, so the resource is its own compartment
    /// or does not exist.
    pub fn locate(
        &self,
        tenant: TenantId,
        home_slot: Slot,
        type_code: TypeCode,
        id: &ResourceId,
    ) -> Result<Option<CompartmentKey>> {
        get_as(
            &*self.engine,
            &table::Directory::key(tenant, (home_slot, type_code, id)),
            table::Directory::decode,
        )
    }

    /// How many resources there are, deleted ones left out, by type in ascending order; types without any are absent.
    pub fn counts(&self, tenant: TenantId) -> Result<Vec<(TypeCode, u64)>> {
        let mut cursor = self.engine.scan(&table::Count::of_tenant(tenant), Direction::Ascending)?;
        let mut counts = vec![];
        while cursor.advance()? {
            counts.push((table::Count::parse(cursor.key())?.1, table::Count::decode(cursor.value())?));
        }
        Ok(counts)
    }

    /// Whether the tenant ended, and nothing of it is taken here any more.
    pub fn has_dropped(&self, tenant: TenantId) -> Result<bool> {
        Ok(self.engine.get(&table::Dropped::key(tenant, ()))?.is_some())
    }

    /// Whether any transaction waits for Finish: one atomic load.
    pub fn has_prepared(&self) -> bool {
        self.locks.any()
    }

    /// How many transactions wait for Finish: one atomic load.
    pub fn prepared_count(&self) -> usize {
        self.locks.count()
    }

    /// The transaction that holds a resource. One atomic load where nothing is prepared.
    pub fn lock_of(&self, tenant: TenantId, key: &ResourceKey) -> Option<Lock> {
        if !self.locks.any() {
            return None;
        }
        self.locks.of(&table::Resource::key(tenant, key))
    }

    /// The transaction that holds a directory row.
    pub fn lock_of_location(
        &self,
        tenant: TenantId,
        home_slot: Slot,
        type_code: TypeCode,
        id: &ResourceId,
    ) -> Option<Lock> {
        if !self.locks.any() {
            return None;
        }
        self.locks.of(&table::Directory::key(tenant, (home_slot, type_code, id)))
    }

    /// All transactions that wait for Finish, of all tenants.
    pub fn prepared(&self) -> Result<Vec<Prepared>> {
        let mut cursor = self.engine.scan(&table::Prepared::all(), Direction::Ascending)?;
        let mut found = vec![];
        while cursor.advance()? {
            let record = table::Prepared::decode(cursor.value())?;
            found.push(table::prepared::state(table::Prepared::parse(cursor.key())?.0, record));
        }
        Ok(found)
    }

    /// One transaction, if it waits for Finish here.
    pub fn prepared_one(&self, tenant: TenantId, transaction: &[u8]) -> Result<Option<Prepared>> {
        let record =
            get_as(&*self.engine, &table::Prepared::key(tenant, transaction), table::Prepared::decode)?;
        Ok(record.map(|record| table::prepared::state(tenant, record)))
    }

    /// The decision of a transaction this partition coordinates: whether to commit. `None`: not decided (yet).
    pub fn decision(&self, tenant: TenantId, transaction: &[u8]) -> Result<Option<bool>> {
        let decode = |value: &[u8]| Ok(table::Decision::decode(value)?.commit);
        get_as(&*self.engine, &table::Decision::key(tenant, transaction), decode)
    }

    /// The answer kept for an idempotency key, if it is not expired at `now_ms`. A leader asks before it decides; what
    /// is still in flight is caught at apply.
    pub fn dedup(&self, tenant: TenantId, key: &[u8], now_ms: u64) -> Result<Option<Answered>> {
        let row = get_as(&*self.engine, &table::Dedup::key(tenant, key), table::Dedup::decode)?;
        Ok(row.filter(|row| row.expires_ms > now_ms))
    }

    /// The decisions kept here, of all tenants: at most `limit`, in order of tenant and transaction, after the one given.
    pub fn decisions(&self, after: Option<&Decided>, limit: usize) -> Result<Vec<Decided>> {
        let after = after.map(|decided| table::Decision::key(decided.tenant, &decided.transaction));
        let range = table::Decision::after(after.as_deref());
        let mut cursor = self.engine.scan(&range, Direction::Ascending)?;
        let mut found = vec![];
        while found.len() < limit && cursor.advance()? {
            let (tenant, transaction) = table::Decision::parse(cursor.key())?;
            let decision::Row { commit, participants, .. } = table::Decision::decode(cursor.value())?;
            let participants = participants.into_iter().map(PartitionId).collect();
            found.push(Decided { tenant, transaction, commit, participants });
        }
        Ok(found)
    }
}
