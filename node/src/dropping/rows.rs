//! The rows of a tenant in one partition that this node leads, some with each log entry. Who breaks off is followed by whoever leads then,
//! which begins anew: what is gone is passed over.

use crate::{engine::Engine, writer};
use bytes::Bytes;
use cluster::MetaTenant;
use metrics::counter;
use proto::{
    Code, Error, PartitionId, TenantId,
    log::v1::{self as log, MetaPartitionDropped},
};
use std::time::Duration;
use storage::Applied;
use tokio::time::{Instant, sleep};

/// Rows that go with one entry: some milliseconds.
const ROWS: u32 = 512;
/// How far it is, is told so often.
const TELL: Duration = Duration::from_secs(1);
/// The shortest pause between two pieces; else one is as long as the piece took, so that half of the time is others'.
const PAUSE: Duration = Duration::from_millis(1);

/// In all partitions that are led here and not through yet.
pub async fn tenant(node: &Engine, one: &MetaTenant) {
    let mut told = Told { node, tenant: TenantId(one.tenant), last: Instant::now(), far: vec![] };
    for partition in node.partitions() {
        let number = u32::from(partition.0);
        let known = one.dropped.iter().find(|part| part.partition == number);
        if known.is_some_and(|part| part.done) || node.led_here(partition).is_err() {
            continue;
        }
        let part =
            MetaPartitionDropped { partition: number, rows: known.map_or(0, |part| part.rows), done: false };
        if let Err(error) = drop_rows(&mut told, partition, part).await {
            tracing::debug!(tenant = one.tenant, %partition, %error, "dropping a tenant's rows broke off; it is begun anew");
        }
    }
    told.flush().await;
}

async fn drop_rows(
    told: &mut Told<'_>,
    partition: PartitionId,
    mut part: MetaPartitionDropped,
) -> Result<(), Error> {
    let (node, tenant) = (told.node, told.tenant.0);
    let mut after = Bytes::new();
    loop {
        let started = Instant::now();
        writer::room(node).await?;
        let kind = Some(log::command::Kind::DropTenant(log::DropTenant { rows_max: ROWS, after }));
        let command = log::Command { time_ms: node.clock.now_ms(), tenant, kind };
        after = match node.led_here(partition)?.propose(command).await? {
            Applied::Dropped { rows, last } => {
                counter!("salamander_tenant_rows_dropped_total").increment(rows);
                part.rows += rows;
                last
            }
            other => return Err(Error::new(Code::Conflict, format!("{other:?}"))),
        };
        part.done = after.is_empty();
        told.is_at(part).await;
        if part.done {
            return Ok(());
        }
        sleep(started.elapsed().max(PAUSE)).await;
    }
}

/// What the meta group hears of.
struct Told<'n> {
    node: &'n Engine,
    tenant: TenantId,
    last: Instant,
    far: Vec<MetaPartitionDropped>,
}

impl Told<'_> {
    async fn is_at(&mut self, part: MetaPartitionDropped) {
        self.far.retain(|known| known.partition != part.partition);
        self.far.push(part);
        if self.last.elapsed() >= TELL {
            self.flush().await;
        }
    }

    async fn flush(&mut self) {
        if self.far.is_empty() {
            return;
        }
        if let Err(error) = self.node.cluster.tell_dropped(self.tenant, std::mem::take(&mut self.far)).await {
            tracing::debug!(tenant = self.tenant.0, %error, "how much of a tenant is gone is not known to the others yet");
        }
        self.last = Instant::now();
    }
}
