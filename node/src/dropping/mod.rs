//! Behind the requests: the data of tenants that ended goes, once every node knows that they did.
//!
//! | file | is |
//! |---|---|
//! | this one | when something is to be done; who says that every node knows |
//! | [`rows`] | one partition that this node leads, from the first row of a tenant to its last, through the log |
//! | [`kept`] | what this node keeps of a tenant beside its rows: documents of the index, definitions |

mod kept;
mod rows;

use crate::engine::Engine;
use cluster::MetaTenant;
use kept::Kept;
use metrics::{counter, describe_counter};
use proto::TenantId;
use std::{sync::Weak, time::Duration};
use tokio::time::{Instant, sleep};

/// Between two looks, where nothing changes.
const LOOK: Duration = Duration::from_millis(250);
/// Between two questions to nodes that have not said that they know.
const ASK: Duration = Duration::from_secs(2);

/// Runs until the node is gone.
pub async fn run(node: Weak<Engine>) {
    describe_counter!("salamander_tenant_rows_dropped_total", "Rows of deleted tenants that are gone");
    counter!("salamander_tenant_rows_dropped_total").increment(0);
    let mut kept = match node.upgrade() {
        Some(node) => Kept::of(&node),
        None => return,
    };
    let (mut seen, mut asked) = (None, None);
    loop {
        sleep(LOOK).await;
        let Some(node) = node.upgrade() else { return };
        let agreed = node.cluster.agreed();
        // While one is ending every look may find more to do; else only what changes does.
        if seen == Some(agreed) && kept.is_through() {
            continue;
        }
        let ended: Vec<MetaTenant> =
            node.cluster.tenants().0.into_iter().filter(|one| one.ended_ms > 0).collect();
        let is_chief = node.cluster.chief() == Some(node.cluster.node_id());
        if is_chief && asked.is_none_or(|at: Instant| at.elapsed() >= ASK) {
            asked = ended.iter().any(|one| !one.refused).then(Instant::now);
            refuse(&node, &ended).await;
        }
        for one in ended.iter().filter(|one| one.refused && !one.gone) {
            rows::tenant(&node, one).await;
        }
        kept.let_go(&node, &ended).await;
        let is_through = ended.iter().all(|one| one.gone);
        seen = is_through.then_some(agreed);
    }
}

/// Says of those that every node knows to be ended that their rows may go: where whoever ended them did not live to, or could not.
async fn refuse(node: &Engine, ended: &[MetaTenant]) {
    let open: Vec<u32> = ended.iter().filter(|one| !one.refused).map(|one| one.tenant).collect();
    if open.is_empty() {
        return;
    }
    let untold = node.untold_of_tenants().await;
    if !untold.is_empty() {
        return tracing::warn!(nodes = ?untold, "tenants were deleted, and their data stays until these nodes say that they know, or are removed");
    }
    for tenant in open {
        if let Err(error) = node.cluster.refuse_tenant(TenantId(tenant)).await {
            tracing::debug!(tenant, %error, "that every node knows of a deleted tenant is not agreed on yet");
        }
    }
}
