//! What a resource takes along when it moves to another compartment.

use proto::{PartitionId, ResourceKey, TenantId, log::v1 as log};
use storage::{Partition, Result, Version};

/// All versions of a resource, oldest first, as the place it moves to adopts them. `number` is the number of the partition
/// they are in.
pub fn adopted(
    partition: &Partition,
    number: PartitionId,
    tenant: TenantId,
    key: &ResourceKey,
) -> Result<Vec<log::Version>> {
    let history = partition.instance_history(tenant, key, None, usize::MAX)?;
    history.into_iter().rev().map(|version| to_log(partition, number, tenant, version)).collect()
}

/// With the entry that wrote it first, by which histories over pages know the moment it belongs to.
fn to_log(
    partition: &Partition,
    number: PartitionId,
    tenant: TenantId,
    version: Version,
) -> Result<log::Version> {
    let origin = partition.origin(tenant, &version)?;
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
