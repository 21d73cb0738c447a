//! What refuses a mutation: a row that a transaction holds, another version than the expected one, another place.

use super::Stage;
use super::stop::{Step, Stop};
use crate::entry::Applied;
use crate::table::resource::Head;
use crate::table::{self, Table};
use crate::version::Method;
use bytes::Bytes;
use proto::id::{ResourceKey, TenantId};

/// Refuses to touch a row that belongs to a prepared transaction.
pub fn unlocked(stage: &Stage<'_>, row: &[u8]) -> Step<()> {
    match stage.lock_of(row) {
        None => Ok(()),
        Some(lock) => Err(Stop::refused(Applied::Locked {
            transaction: lock.transaction,
            coordinator: lock.coordinator,
        })),
    }
}

/// The current version's head, if it is the expected one.
pub fn current(key: &ResourceKey, expected: u64, row: Option<&Bytes>) -> Step<Option<Head>> {
    let head = row.map(|value| table::Resource::decode(value)).transpose()?.map(|(head, _)| head);
    let current = head.map_or(0, |head| head.version);
    if current != expected {
        return Err(Stop::refused(Applied::Conflict { key: *key, current }));
    }
    Ok(head)
}

/// Refuses where the version that has the expected number is not the one that was decided on: that one was still in flight,
/// and somebody else's was applied in its place.
pub fn content(key: &ResourceKey, expected: u64, row: Option<&Bytes>) -> Step<()> {
    let Some((head, body)) = row.map(|value| table::Resource::decode(value)).transpose()? else {
        return Err(Stop::refused(Applied::Conflict { key: *key, current: 0 }));
    };
    if proto::content(head.last_updated_ms, head.method == Method::Delete, body) != expected {
        return Err(Stop::refused(Applied::Conflict { key: *key, current: head.version }));
    }
    Ok(())
}

/// Refuses where the directory says that the resource with this own key lives elsewhere, or is about to.
pub fn unplaced(stage: &Stage<'_>, own: &ResourceKey) -> Step<()> {
    let (home_slot, type_code, id) = (own.compartment.slot, own.type_code, own.id);
    let row = directory_row(stage.tenant(), own);
    unlocked(stage, &row)?;
    match stage.get(&row)?.map(|value| table::Directory::decode(&value)).transpose()? {
        None => Ok(()),
        current => Err(Stop::refused(Applied::LocateConflict { home_slot, type_code, id, current })),
    }
}

/// The directory row of the resource with this own key.
pub fn directory_row(tenant: TenantId, own: &ResourceKey) -> Vec<u8> {
    table::Directory::key(tenant, (own.compartment.slot, own.type_code, &own.id))
}
