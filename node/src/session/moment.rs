//! Looks over several partitions at one moment: nobody finds half a transaction.

use super::Session;
use crate::{partition::Partition, writer};
use proto::{Code, Error, PartitionId};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::timeout;

/// How often a moment is looked for without a transaction that is just becoming visible, before this node has those that it
/// coordinates stand still.
const MOMENTS_MAX: usize = 3;
/// How often it is looked for then, where others coordinate, too.
const STILL_MAX: usize = 100;
/// Transactions that this node coordinates come to rest in that time, or the search is asked again.
const STILL: Duration = Duration::from_secs(2);
/// Between two of those.
const PAUSE: Duration = Duration::from_millis(2);

impl Session<'_> {
    /// What `look` finds in all partitions, after everything acknowledged so far is in reach, while no transaction is
    /// becoming visible. Called again where one began meanwhile.
    ///
    /// # Errors
    /// Those of `look`; `Unavailable` while a partition has no leader, or where transactions of other nodes came too thick; `Failed`
    /// where a partition never will have a leader again.
    pub async fn at_a_moment<T>(self, look: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..MOMENTS_MAX {
            match self.try_moment(&look).await? {
                Some(seen) => return Ok(seen),
                None => tokio::task::yield_now().await,
            }
        }
        if self.engine.cluster.is_alone() {
            let _still = self.engine.visibility.stand_still().await;
            self.settle_all().await?;
            return look();
        }
        // Where a partition has no leader, a transaction may become visible for long: that is told at once.
        self.engine.all_here(self.engine.partitions()).await?;
        let late = |_| Error::new(Code::Unavailable, "a transaction takes long to become visible; ask again");
        let _still = timeout(STILL, self.engine.visibility.stand_still()).await.map_err(late)?;
        for _ in 0..STILL_MAX {
            match self.try_moment(&look).await? {
                Some(seen) => return Ok(seen),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(thick())
    }

    /// `None`: a transaction became visible meanwhile.
    async fn try_moment<T>(self, look: impl Fn() -> Result<T, Error>) -> Result<Option<T>, Error> {
        // Before anything is asked: a part that is applied here ahead of the others is seen by then, or moves the count.
        let Some(moment) = self.engine.visibility.moment() else { return Ok(None) };
        self.settle_all().await?;
        let seen = look()?;
        Ok(self.engine.visibility.is_still(moment).then_some(seen))
    }

    async fn settle_all(self) -> Result<(), Error> {
        self.settle_these(self.engine.partitions()).await
    }

    /// These partitions are current, and what was decided before the call is finished in all of them. What is decided meanwhile
    /// need not be: it was not acknowledged before, and a part that is shown moves the count.
    pub(super) async fn settle_these(
        self,
        partitions: impl Iterator<Item = PartitionId> + Clone,
    ) -> Result<(), Error> {
        let all = self.engine.all_here(partitions.clone()).await?;
        let mut found = false;
        for rows in all {
            found |= self.finish_decided(rows).await?;
        }
        match found {
            // What was finished where others lead is here then.
            true => self.engine.all_here(partitions).await.map(drop),
            false => Ok(()),
        }
    }

    /// Finishes what is prepared in the partition, as the rows here say, and decided before the call; whether there was any.
    async fn finish_decided(self, rows: Partition<'_>) -> Result<bool, Error> {
        if !rows.rows_here()?.has_prepared() {
            return Ok(false);
        }
        let prepared = rows.prepared().await?;
        // What is shown here may have been decided in any of the others.
        let coordinators: BTreeSet<PartitionId> = prepared.iter().map(|record| record.coordinator).collect();
        let coordinators = self.engine.all_of(coordinators.into_iter()).await?;
        let (mut found, mut undecided) = (false, vec![]);
        for record in prepared {
            let decides = |one: &&Partition<'_>| one.id() == record.coordinator;
            let Some(coordinator) = coordinators.iter().find(decides) else { continue };
            match writer::finish_if_known(self.engine, *coordinator, rows.id(), record.clone()).await? {
                true => found = true,
                false => undecided.push(record),
            }
        }
        if found || undecided.is_empty() || self.engine.cluster.is_alone() {
            return Ok(found);
        }
        // A decision that is not known may be forgotten: that is after it was finished here, which the replica may lack.
        rows.barrier().await?;
        for record in undecided {
            found |= rows.prepared_one(record.tenant, &record.transaction).await?.is_none();
        }
        Ok(found)
    }
}

/// Nothing stood still for as long as a look takes.
pub(super) fn thick() -> Error {
    let text = "transactions come too thick for a look at all of them at once; send it again after a moment";
    Error::new(Code::Unavailable, text)
}
