//! What a resource takes along when it moves to another compartment.

use super::{Partition, far};
use proto::{Error, PartitionId, ResourceKey, TenantId, log::v1 as log};
use storage::Version;

impl Partition<'_> {
    /// All versions of a resource that is here, oldest first, as the place it moves to adopts them.
    ///
    /// # Errors
    /// What the storage lacks, or why it failed.
    pub async fn adopted(&self, tenant: TenantId, key: &ResourceKey) -> Result<Vec<log::Version>, Error> {
        match self.replica() {
            Some(rows) => adopted(rows, self.id(), tenant, key).map_err(crate::error::storage),
            None => far::adopted(*self, tenant, key).await,
        }
    }
}

/// `number` is the number of the partition they are in.
pub(crate) fn adopted(
    tables: &storage::Partition,
    number: PartitionId,
    tenant: TenantId,
    key: &ResourceKey,
) -> storage::Result<Vec<log::Version>> {
    let history = tables.instance_history(tenant, key, None, usize::MAX)?;
    history.into_iter().rev().map(|version| to_log(tables, number, tenant, version)).collect()
}

/// With the entry that wrote it first, by which histories over pages know the moment it belongs to.
fn to_log(
    tables: &storage::Partition,
    number: PartitionId,
    tenant: TenantId,
    version: Version,
) -> storage::Result<log::Version> {
    let origin = tables.origin(tenant, &version)?;
    let method = match version.method {
        storage::Method::Create => log::Method::Create,
        storage::Method::Update => log::Method::Update,
        storage::Method::Delete => log::Method::Delete,
    };
    let origin_index = origin.map_or(version.index, |origin| origin.index);
    let origin_partition = origin.and_then(|origin| origin.partition).unwrap_or(number);
    Ok(log::Version {
        version: version.version,
        last_updated_ms: version.last_updated_ms,
        method: method as i32,
        body: version.body,
        origin_index,
        origin_partition: u32::from(origin_partition.0),
    })
}
