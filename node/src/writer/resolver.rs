//! Works behind the requests: ends transactions that nobody is at work on, on rows that perhaps nobody will touch again,
//! and lets go of decisions that nobody will ask for again.

use super::settle::{Settled, is_abandoned, try_settle};
use crate::engine::{Engine, Owner};
use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use metrics::{counter, describe_counter};
use proto::{Error, PartitionId, TenantId, log::v1 as log};
use std::{collections::BTreeMap, sync::Weak};
use storage::{Decided, Prepared};
use tokio::time::{MissedTickBehavior, interval};

/// Transactions of one partition that are settled in one round, and decisions that are looked at together.
const PAGE: usize = 256;
/// Of a page, so many at once.
const AT_ONCE: usize = 16;
/// Of a name: its node, and that node's incarnation.
const LIFE_BYTES: usize = 16;
/// A transaction of another node is not asked about before.
const YOUNG_MS: u64 = 500;

/// Runs until the node is gone.
pub async fn run(node: Weak<Engine>) {
    describe();
    let Some(every) = node.upgrade().map(|node| node.options.resolve_interval) else { return };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(node) = node.upgrade() else { return };
        let partitions: Vec<PartitionId> = node.partitions().collect();
        join_all(partitions.into_iter().map(|partition| settle_abandoned(&node, partition))).await;
        forget_finished(&node).await;
    }
}

fn describe() {
    describe_counter!(
        "salamander_transactions_orphaned_total",
        "Prepared transactions found with nobody at work on them, each time they are"
    );
    describe_counter!("salamander_transactions_settled_total", "Orphaned transactions ended, by outcome");
}

/// This node leads the partition from now on: ends what was left prepared there, and forgets what was left decided.
pub async fn recover(node: &Engine, partition: PartitionId) {
    settle_abandoned(node, partition).await;
    if let Err(error) = forget_left(node, partition).await {
        tracing::warn!(%partition, %error, "decisions of finished transactions stay for now");
    }
}

/// Settles prepared transactions that nobody is at work on.
async fn settle_abandoned(node: &Engine, partition: PartitionId) {
    let Ok(rows) = node.led_here(partition) else { return };
    let Some(rows) = rows.replica().filter(|rows| rows.has_prepared()) else { return };
    // Of this node: what is wrong with it goes into its log as it is.
    let prepared = match rows.prepared() {
        Ok(prepared) => prepared,
        Err(error) => return tracing::error!(%partition, %error, "prepared transactions cannot be read"),
    };
    let mature = prepared.into_iter().filter(|record| !is_young(node, record));
    let settled = mature.take(PAGE).map(|record| settle_one(node, partition, record));
    stream::iter(settled).buffer_unordered(AT_ONCE).collect().await
}

/// Of this node, now, or of another that need not be asked yet: most are through before.
fn is_young(node: &Engine, record: &Prepared) -> bool {
    let left_ms = record.deadline_ms.saturating_sub(node.clock.now_ms());
    let age_ms = (node.options.transaction_timeout.as_millis() as u64).saturating_sub(left_ms);
    match node.tokens.owner(&record.transaction) {
        Owner::Gone => false,
        Owner::This => left_ms > 0,
        Owner::Other(_) => age_ms < YOUNG_MS,
    }
}

async fn settle_one(node: &Engine, partition: PartitionId, record: Prepared) {
    if !is_abandoned(node, &record).await {
        return;
    }
    counter!("salamander_transactions_orphaned_total").increment(1);
    let outcome = match try_settle(node, partition, &record).await {
        Ok(Settled::Committed) => "commit",
        Ok(Settled::Aborted) => "abort",
        Ok(Settled::Before | Settled::Open) => return,
        Err(error) => {
            return tracing::warn!(%partition, %error, "an orphaned transaction is not settled yet; it will be tried again");
        }
    };
    counter!("salamander_transactions_settled_total", "outcome" => outcome).increment(1);
    tracing::info!(%partition, outcome, "an orphaned transaction is settled");
}

/// Has the decisions removed whose coordinators here are through.
async fn forget_finished(node: &Engine) {
    let finished = node.finished.take();
    for ((partition, tenant), transactions) in finished {
        if let Err(error) = forget(node, partition, tenant, transactions.clone()).await {
            // Forgetting twice does no harm.
            tracing::debug!(%partition, %error, "decisions of finished transactions stay for now");
            transactions.into_iter().for_each(|name| node.finished.add(partition, tenant, name));
        }
    }
}

/// The same for those that an earlier life of this node left behind, or another node, once all participants have finished.
async fn forget_left(node: &Engine, partition: PartitionId) -> Result<(), Error> {
    let (mut last, mut lives) = (None, Lives::default());
    loop {
        let page = node.led_here(partition)?.decisions(last.as_ref(), PAGE).await?;
        let mut ended: BTreeMap<TenantId, Vec<Bytes>> = BTreeMap::new();
        for decided in &page {
            if is_left(node, decided, &mut lives).await && is_finished(node, decided).await? {
                ended.entry(decided.tenant).or_default().push(decided.transaction.clone());
            }
        }
        for (tenant, transactions) in ended {
            forget(node, partition, tenant, transactions).await?;
        }
        match page.into_iter().next_back() {
            Some(decided) => last = Some(decided),
            None => return Ok(()),
        }
    }
}

/// Lives of nodes, each asked once.
#[derive(Default)]
struct Lives(BTreeMap<Bytes, bool>);

impl Lives {
    /// Whether the process that gave out that name is gone for certain.
    async fn is_gone(&mut self, node: &Engine, name: &Bytes) -> bool {
        let life = name.slice(..name.len().min(LIFE_BYTES));
        if let Some(gone) = self.0.get(&life) {
            return *gone;
        }
        let gone = node.is_gone(name).await;
        self.0.insert(life, gone);
        gone
    }
}

/// Whether its coordinator will not forget it itself, nor ask again. An abort stays until it expires: it keeps what a coordinator that
/// was overtaken sent, and that is still under way, from committing a part.
async fn is_left(node: &Engine, decided: &Decided, lives: &mut Lives) -> bool {
    match node.tokens.owner(&decided.transaction) {
        Owner::This => false,
        Owner::Gone => decided.commit || node.cluster.is_alone(),
        Owner::Other(_) => decided.commit && lives.is_gone(node, &decided.transaction).await,
    }
}

/// Whether no participant waits for the decision any more; those that do are finished.
async fn is_finished(node: &Engine, decided: &Decided) -> Result<bool, Error> {
    for participant in &decided.participants {
        let rows = node.current(*participant).await?;
        let prepared = rows.prepared_one(decided.tenant, &decided.transaction).await?;
        if let Some(record) = prepared
            && try_settle(node, *participant, &record).await? == Settled::Open
        {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn forget(
    node: &Engine,
    partition: PartitionId,
    tenant: TenantId,
    transactions: Vec<Bytes>,
) -> Result<(), Error> {
    let kind = Some(log::command::Kind::Forget(log::Forget { transactions }));
    let command = log::Command { time_ms: node.clock.now_ms(), tenant: tenant.0, kind };
    node.partition(partition)?.propose(command).await.map(drop)
}
