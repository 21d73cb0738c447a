//! One partition that this node leads, from its first row to its last. A walk that breaks off is begun anew by whoever leads then: rows
//! that have their values are passed over.
//!
//! 1. A log entry says that from then on values of older parameters are refused: every later write has the new ones.
//! 2. What was prepared before that, and can no longer be refused, is waited for.
//! 3. All rows are looked at, in pieces, and those whose values change get them through the log.
//! 4. The meta group is told.

use super::piece::{self, Piece};
use crate::{engine::Engine, host::elsewhere, writer};
use metrics::counter;
use proto::{
    Code, Error, PartitionId, ResourceKey, TenantId,
    log::v1::{self as log, MetaPartitionIndexed},
};
use std::{collections::BTreeSet, time::Duration};
use storage::Applied;
use tokio::time::{Instant, sleep};

/// How far a walk is, is told so often.
const TELL: Duration = Duration::from_secs(1);
/// Between two looks at what was prepared before.
const PREPARED: Duration = Duration::from_millis(20);
/// The shortest pause between two pieces; else one is as long as the piece took, so that half of the time is others'.
const PAUSE: Duration = Duration::from_millis(1);
/// Slots of all partitions.
const SLOTS: u64 = 1 << 16;

/// All partitions of a tenant that are led here and not through yet.
pub async fn tenant(node: &Engine, tenant: TenantId) {
    let mut told = Told { node, tenant, last: Instant::now(), far: vec![] };
    for partition in node.partitions() {
        let indexing = node.indexing(tenant);
        let of = |one: &&MetaPartitionIndexed| one.partition == u32::from(partition.0);
        let from = indexing.partitions.iter().find(of).map_or(0, |one| one.generation);
        if from >= indexing.generation || node.led_here(partition).is_err() {
            continue;
        }
        let steps = indexing.walks.iter().filter(|walk| walk.generation > from);
        let types: BTreeSet<u32> = steps.flat_map(|walk| walk.types.iter().copied()).collect();
        let walk = Walk { node, tenant, partition, from, to: indexing.generation, types };
        match walk.run(&mut told).await {
            Ok(()) => told.is_through(partition, indexing.generation).await,
            Err(error) => {
                tracing::debug!(tenant = tenant.0, %partition, %error, "a walk over the rows broke off; it is begun anew")
            }
        }
    }
    told.flush().await;
}

struct Walk<'n> {
    node: &'n Engine,
    tenant: TenantId,
    partition: PartitionId,
    from: u32,
    to: u32,
    types: BTreeSet<u32>,
}

impl Walk<'_> {
    async fn run(&self, told: &mut Told<'_>) -> Result<(), Error> {
        self.propose(self.to, vec![]).await?;
        self.wait_for_prepared().await?;
        let mut after = None;
        loop {
            let started = Instant::now();
            let piece = self.read(after).await?;
            if piece.generation < self.to {
                return Err(Error::new(Code::Unavailable, "the search parameters are not known here yet"));
            }
            if !piece.changed.is_empty() {
                writer::room(self.node).await?;
                counter!("salamander_reindexed_rows_total").increment(piece.changed.len() as u64);
                self.propose(piece.generation, piece.changed).await?;
            }
            if piece.is_end {
                return Ok(());
            }
            after = piece.last;
            let permille = after.map_or(0, |last| self.permille(&last));
            told.is_at(MetaPartitionIndexed {
                partition: u32::from(self.partition.0),
                generation: self.from,
                permille,
            })
            .await;
            sleep(started.elapsed().max(PAUSE)).await;
        }
    }

    async fn propose(&self, generation: u32, rows: Vec<log::Reindexed>) -> Result<(), Error> {
        let kind = log::command::Kind::Reindex(log::Reindex { generation, rows });
        let time_ms = self.node.clock.now_ms();
        let command = log::Command { time_ms, tenant: self.tenant.0, kind: Some(kind) };
        match self.node.led_here(self.partition)?.propose(command).await? {
            Applied::Done => Ok(()),
            other => Err(Error::new(Code::Conflict, format!("{other:?}"))),
        }
    }

    /// Until nothing is prepared any more that was when the partition began to refuse older values.
    async fn wait_for_prepared(&self) -> Result<(), Error> {
        let rows = self.node.led_here(self.partition)?.rows_here()?.clone();
        if !rows.has_prepared() {
            return Ok(());
        }
        for record in rows.prepared().map_err(crate::error::storage)? {
            if record.tenant != self.tenant {
                continue;
            }
            let here = self.node.led_here(self.partition)?;
            while here.prepared_one(self.tenant, &record.transaction).await?.is_some() {
                self.node.led_here(self.partition)?;
                sleep(PREPARED).await;
            }
        }
        Ok(())
    }

    async fn read(&self, after: Option<ResourceKey>) -> Result<Piece, Error> {
        let rows = self.node.led_here(self.partition)?.rows_here()?.clone();
        let (node, tenant, types) = (self.node.handle(), self.tenant, self.types.clone());
        let read = elsewhere(move || piece::read(&node, &rows, tenant, &types, after.as_ref())).await;
        read.map_err(|error| Error::new(Code::Internal, error.to_string()))?
    }

    /// Rows come in the order of their slots, which are as full as each other.
    fn permille(&self, last: &ResourceKey) -> u32 {
        let partitions = self.node.partitions().count() as u64;
        let slot = u64::from(last.compartment.slot.0);
        let place = (slot * partitions) % SLOTS;
        (place * 1000 / SLOTS) as u32
    }
}

/// What the meta group hears of.
struct Told<'n> {
    node: &'n Engine,
    tenant: TenantId,
    last: Instant,
    far: Vec<MetaPartitionIndexed>,
}

impl Told<'_> {
    async fn is_at(&mut self, far: MetaPartitionIndexed) {
        if self.last.elapsed() >= TELL {
            self.far.push(far);
            self.flush().await;
        }
    }

    async fn is_through(&mut self, partition: PartitionId, generation: u32) {
        self.far.push(MetaPartitionIndexed { partition: u32::from(partition.0), generation, permille: 0 });
        if self.last.elapsed() >= TELL {
            self.flush().await;
        }
    }

    async fn flush(&mut self) {
        if self.far.is_empty() {
            return;
        }
        if let Err(error) = self.node.tell_indexed(self.tenant, std::mem::take(&mut self.far)).await {
            tracing::debug!(tenant = self.tenant.0, %error, "how far walks over the rows are, is not known to the others yet");
        }
        self.last = Instant::now();
    }
}
