//! What the rows of one replica say of a resource, at one moment.

use proto::{ResourceKey, TenantId};
use storage::{Lock, Version};

/// All that a decision about a resource is made on.
#[derive(Debug, Default)]
pub struct State {
    /// The prepared transaction that holds the resource, or its place.
    pub lock: Option<Lock>,
    /// The current version, deleted ones included. Not looked for behind a lock.
    pub row: Option<Version>,
    /// The directory says that the resource lives elsewhere. Looked for where there is no row.
    pub is_listed: bool,
}

/// What the rows have of the version that a search found.
#[derive(Debug)]
pub enum Seen {
    /// The version that matched, from its history where it was written again since.
    Here(Version),
    /// Deleted since.
    Gone,
    /// Not a row: it moved to another compartment since.
    Elsewhere,
}

/// The state of the resource under `key`. `movable`: it may be in the directory.
pub fn state(
    rows: &storage::Partition,
    tenant: TenantId,
    key: &ResourceKey,
    movable: bool,
) -> storage::Result<State> {
    let may_be_listed = movable && key.is_own();
    let slot = key.compartment.slot;
    let of_place = || rows.lock_of_location(tenant, slot, key.type_code, &key.id);
    // The lock first: a transaction that is not prepared here by now was not decided either, so old rows are right.
    let lock = rows.lock_of(tenant, key).or_else(|| may_be_listed.then(of_place).flatten());
    if lock.is_some() {
        return Ok(State { lock, ..State::default() });
    }
    let row = rows.get(tenant, key)?;
    // It may have been given to a patient since the caller looked: then the directory says so, here.
    let is_listed =
        row.is_none() && may_be_listed && rows.locate(tenant, slot, key.type_code, &key.id)?.is_some();
    Ok(State { lock: None, row, is_listed })
}

/// What the rows have of one hit.
pub fn seen(
    rows: &storage::Partition,
    tenant: TenantId,
    key: &ResourceKey,
    version: u64,
) -> storage::Result<Seen> {
    let Some(current) = rows.get(tenant, key)? else { return Ok(Seen::Elsewhere) };
    if current.version == version {
        return Ok(Seen::Here(current));
    }
    if current.is_deleted() {
        return Ok(Seen::Gone);
    }
    Ok(rows.get_version(tenant, key, version)?.map_or(Seen::Elsewhere, Seen::Here))
}
