//! Looks over several partitions at one moment: nobody finds half a transaction.

use super::Session;
use crate::{partition::Partition, writer};
use proto::{Error, PartitionId};

/// How often a moment is looked for without a transaction that is just becoming visible.
const MOMENTS_MAX: usize = 3;

impl<'s> Session<'s> {
    /// What `look` finds in all partitions, after everything acknowledged so far is in reach, while no transaction is
    /// becoming visible. Called again where one began meanwhile.
    ///
    /// # Errors
    /// Those of `look`; `Unavailable` while a partition has no leader, `Failed` where it never will have one again.
    pub async fn at_a_moment<T>(self, look: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..MOMENTS_MAX {
            let Some(moment) = self.engine.visibility.moment() else {
                tokio::task::yield_now().await;
                continue;
            };
            self.settle_all().await?;
            let seen = look()?;
            if self.engine.visibility.is_still(moment) {
                return Ok(seen);
            }
        }
        let _still = self.engine.visibility.stand_still().await;
        self.settle_all().await?;
        look()
    }

    async fn settle_all(self) -> Result<(), Error> {
        for partition in self.engine.partitions() {
            self.settled(partition).await?;
        }
        Ok(())
    }

    /// The partition, current, with nothing left half done.
    ///
    /// # Errors
    /// `Unavailable` without a leader, `Failed` where there will be none; storage's.
    pub(super) async fn settled(self, partition: PartitionId) -> Result<Partition<'s>, Error> {
        let rows = self.engine.current(partition).await?;
        if rows.has_prepared().await {
            for record in rows.prepared().await? {
                let lock = storage::Lock { transaction: record.transaction, coordinator: record.coordinator };
                writer::finish_if_decided(self.engine, partition, record.tenant, lock).await?;
            }
        }
        Ok(rows)
    }
}
