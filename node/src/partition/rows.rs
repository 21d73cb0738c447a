//! Resources, their versions and their places.

use super::{
    Partition, far,
    seen::{Seen, State, seen, state},
    told::numbered,
};
use crate::error::storage as failed;
use proto::{CompartmentKey, Error, ResourceKey, TenantId, internal::v1::rows_request::Verb};
use storage::{Lock, Version};

impl Partition<'_> {
    /// The current version, deleted ones included.
    ///
    /// # Errors
    /// As of every verb here: what the storage lacks, or why it failed; `Unavailable` where who leads cannot be asked.
    pub async fn get(&self, tenant: TenantId, key: &ResourceKey) -> Result<Option<Version>, Error> {
        match self.replica() {
            Some(rows) => rows.get(tenant, key).map_err(failed),
            None => far::one_row(*self, tenant, Verb::Current((*key).into())).await,
        }
    }

    /// One version.
    pub async fn get_version(
        &self,
        tenant: TenantId,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<Version>, Error> {
        match self.replica() {
            Some(rows) => rows.get_version(tenant, key, version).map_err(failed),
            None => far::one_row(*self, tenant, Verb::Numbered(numbered(key, version))).await,
        }
    }

    /// The newest versions below `before`, newest first, at most `limit`.
    pub async fn versions(
        &self,
        tenant: TenantId,
        key: &ResourceKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Version>, Error> {
        match self.replica() {
            Some(rows) => rows.instance_history(tenant, key, before, limit).map_err(failed),
            None => far::versions(*self, tenant, key, before, limit).await,
        }
    }

    /// Where the resource with its own compartment `own`, whose home slot is here, lives: what the directory says. `None`: it
    /// has no row, and the resource is to be looked for under `own`.
    pub async fn locate(
        &self,
        tenant: TenantId,
        own: CompartmentKey,
    ) -> Result<Option<CompartmentKey>, Error> {
        match self.replica() {
            Some(rows) => rows.locate(tenant, own.slot, own.type_code, &own.id).map_err(failed),
            None => far::place(*self, tenant, own).await,
        }
    }

    /// The prepared transaction that holds the resource.
    pub async fn lock_of(&self, tenant: TenantId, key: &ResourceKey) -> Result<Option<Lock>, Error> {
        match self.replica() {
            Some(rows) => Ok(rows.lock_of(tenant, key)),
            None => far::lock(*self, tenant, Verb::Lock((*key).into())).await,
        }
    }

    /// The prepared transaction that holds the directory's row of `own`.
    pub async fn lock_of_location(
        &self,
        tenant: TenantId,
        own: CompartmentKey,
    ) -> Result<Option<Lock>, Error> {
        match self.replica() {
            Some(rows) => Ok(rows.lock_of_location(tenant, own.slot, own.type_code, &own.id)),
            None => far::lock(*self, tenant, Verb::PlaceLock(own.into())).await,
        }
    }

    /// All that a decision about the resource under `key` is made on, at one moment. `movable`: it may be in the directory.
    pub async fn state(&self, tenant: TenantId, key: &ResourceKey, movable: bool) -> Result<State, Error> {
        match self.replica() {
            Some(rows) => state(rows, tenant, key, movable).map_err(failed),
            None => far::state(*self, tenant, key, movable).await,
        }
    }

    /// What it has of each of these versions that a search found.
    pub async fn seen(&self, tenant: TenantId, hits: &[(ResourceKey, u64)]) -> Result<Vec<Seen>, Error> {
        match self.replica() {
            Some(rows) => {
                let each = hits.iter().map(|(key, version)| seen(rows, tenant, key, *version));
                each.collect::<storage::Result<_>>().map_err(failed)
            }
            None => far::seen(*self, tenant, hits).await,
        }
    }
}
