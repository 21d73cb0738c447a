//! Looks over several partitions at one moment: nobody finds half a transaction.

use crate::{engine::Inner, writer};
use cluster::Group;
use proto::{Error, PartitionId};

/// How often a moment is looked for without a transaction that is just becoming visible.
const MOMENTS_MAX: usize = 3;

/// What `look` finds in all partitions, after everything acknowledged so far is in reach, while no transaction is
/// becoming visible. Called again where one began meanwhile.
///
/// # Errors
/// Those of `look`; `Unavailable` while a partition has no leader here.
pub async fn at_a_moment<T>(node: &Inner, look: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 0..MOMENTS_MAX {
        let Some(moment) = node.visibility.moment() else {
            tokio::task::yield_now().await;
            continue;
        };
        settle_all(node).await?;
        let seen = look()?;
        if node.visibility.is_still(moment) {
            return Ok(seen);
        }
    }
    let _still = node.visibility.stand_still().await;
    settle_all(node).await?;
    look()
}

async fn settle_all(node: &Inner) -> Result<(), Error> {
    for partition in node.cluster.map().partitions() {
        settled(node, partition).await?;
    }
    Ok(())
}

/// The group, readable, with nothing left half done.
///
/// # Errors
/// `Unavailable` without a leader here; storage's.
pub async fn settled(node: &Inner, partition: PartitionId) -> Result<&Group, Error> {
    let group = node.group(partition)?;
    group.read_barrier().await.map_err(|_| crate::engine::unavailable(partition))?;
    if group.partition().has_prepared() {
        for record in group.partition().prepared().map_err(crate::error::storage)? {
            let lock = storage::Lock { transaction: record.transaction, coordinator: record.coordinator };
            writer::finish_if_decided(node, partition, record.tenant, lock).await?;
        }
    }
    Ok(group)
}
