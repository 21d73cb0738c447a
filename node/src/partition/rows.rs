//! Resources, their versions and their places.

use super::Partition;
use crate::error::storage as failed;
use proto::{CompartmentKey, Error, ResourceKey, TenantId};
use storage::{Lock, Version};

impl Partition<'_> {
    /// The current version, deleted ones included.
    ///
    /// # Errors
    /// As of every verb here: what the storage lacks, or why it failed.
    pub async fn get(&self, tenant: TenantId, key: &ResourceKey) -> Result<Option<Version>, Error> {
        self.tables().get(tenant, key).map_err(failed)
    }

    /// One version.
    pub async fn get_version(
        &self,
        tenant: TenantId,
        key: &ResourceKey,
        version: u64,
    ) -> Result<Option<Version>, Error> {
        self.tables().get_version(tenant, key, version).map_err(failed)
    }

    /// The newest versions below `before`, newest first, at most `limit`.
    pub async fn versions(
        &self,
        tenant: TenantId,
        key: &ResourceKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Version>, Error> {
        self.tables().instance_history(tenant, key, before, limit).map_err(failed)
    }

    /// Where the resource with its own compartment `own`, whose home slot is here, lives: what the directory says. `None`: it
    /// has no row, and the resource is to be looked for under `own`.
    pub async fn locate(
        &self,
        tenant: TenantId,
        own: CompartmentKey,
    ) -> Result<Option<CompartmentKey>, Error> {
        self.tables().locate(tenant, own.slot, own.type_code, &own.id).map_err(failed)
    }

    /// The prepared transaction that holds the resource.
    pub async fn lock_of(&self, tenant: TenantId, key: &ResourceKey) -> Option<Lock> {
        self.tables().lock_of(tenant, key)
    }

    /// The prepared transaction that holds the directory's row of `own`.
    pub async fn lock_of_location(&self, tenant: TenantId, own: CompartmentKey) -> Option<Lock> {
        self.tables().lock_of_location(tenant, own.slot, own.type_code, &own.id)
    }
}
