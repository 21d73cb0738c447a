//! Reads that may be of a moment that has passed: one resource, its history, or a search of one record, from the replica here,
//! whoever leads the partition and whether anybody does.

use super::Session;
use crate::{engine::Engine, partition::Partition};
use proto::{Code, Error, PartitionId, Slot};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// How old what is read may be, and how old it was. Clones tell the same age.
#[derive(Clone, Debug)]
pub struct Stale {
    max: Duration,
    age_ms: Arc<AtomicU64>,
}

impl Stale {
    /// Nothing that was acknowledged longer ago than that is missed.
    pub fn at_most(max: Duration) -> Stale {
        Stale { max, age_ms: Arc::default() }
    }

    /// How old it may be.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// Everything is in the answer that was acknowledged so many milliseconds before it was asked for.
    pub fn age_ms(&self) -> u64 {
        self.age_ms.load(Relaxed)
    }

    /// A part of the answer is as old as that.
    pub fn is_as_old_as(&self, age_ms: u64) {
        self.age_ms.fetch_max(age_ms, Relaxed);
    }

    /// The partition, from what is here where that is new enough, else once it is current.
    async fn partition<'e>(&self, engine: &'e Engine, id: PartitionId) -> Result<Partition<'e>, Error> {
        if engine.led_here(id).is_ok()
            && let Ok(current) = engine.current(id).await
        {
            return Ok(current);
        }
        // The age before the rows: they are as new as that, or newer.
        let aged = Partition::aged(&engine.cluster, id);
        match aged {
            Some((here, age)) if age <= self.max => {
                self.is_as_old_as(age.as_millis() as u64);
                Ok(here)
            }
            _ => engine.current(id).await.map_err(|error| too_old(error, id, aged.map(|(_, age)| age))),
        }
    }
}

/// Says what there would be.
fn too_old(error: Error, id: PartitionId, age: Option<Duration>) -> Error {
    let Some(age) = age.filter(|_| error.code == Code::Unavailable) else { return error };
    let text = format!(
        "{}; what this node has of {id} is {} ms old, and older than the request allows",
        error.diagnostics(),
        age.as_millis()
    );
    Error::new(Code::Unavailable, text)
}

impl<'s> Session<'s> {
    /// The partition of a slot, to be read from: current, or as current as the caller wants it.
    ///
    /// # Errors
    /// `Unavailable` without a leader, where nothing new enough is here.
    pub(super) async fn readable_at(self, slot: Slot) -> Result<Partition<'s>, Error> {
        self.readable(self.engine.partition_of(slot)).await
    }

    pub(super) async fn readable(self, id: PartitionId) -> Result<Partition<'s>, Error> {
        match &self.context.stale {
            None => self.engine.current(id).await,
            // Boxed: it is rare, and every read would carry its future along.
            Some(stale) => Box::pin(stale.partition(self.engine, id)).await,
        }
    }

    /// The rows here of a partition that was made readable before, if it has any here.
    pub(super) fn read_before(self, id: PartitionId) -> Result<Option<&'s Arc<storage::Partition>>, Error> {
        match self.engine.partition(id) {
            Ok(partition) => Ok(partition.replica()),
            Err(error) if self.context.stale.is_none() => Err(error),
            Err(error) => match Partition::aged(&self.engine.cluster, id) {
                Some((here, _)) => Ok(here.replica()),
                None => Err(error),
            },
        }
    }

    /// Whether a request about a resource with that home partition can be answered here.
    pub fn can_read(self, home: PartitionId) -> bool {
        self.engine.partition(home).is_ok_and(|home| home.replica().is_some())
            || self.context.stale.is_some() && Partition::aged(&self.engine.cluster, home).is_some()
    }
}
