//! Behind the requests: has the nodes agree on search parameters where whoever defined them did not live to, and gives rows that were
//! there before the values of new ones.
//!
//! | file | is |
//! |---|---|
//! | this one | when something is to be done; definitions of packages, and after a crash |
//! | [`walk`] | one partition that this node leads, from its first row to its last |
//! | [`piece`] | some rows: what their values should be |

mod piece;
mod walk;

use crate::{
    bounds::Share,
    engine::Engine,
    session::{Context, Session},
};
use metrics::{counter, describe_counter};
use proto::TenantId;
use rustc_hash::FxHashMap;
use std::{sync::Weak, time::Duration};
use tokio::time::sleep;

/// Between two looks, where nothing changes.
const LOOK: Duration = Duration::from_millis(250);
/// Looks until what is defined is held against what was agreed on, whether it changed here or not: on nodes without replicas of all
/// partitions that is not known.
const LOOKS: u32 = 120;

/// Runs until the node is gone.
pub async fn run(node: Weak<Engine>) {
    describe_counter!("salamander_reindexed_rows_total", "Rows that got other index values");
    counter!("salamander_reindexed_rows_total").increment(0);
    let mut agreed = Agreed::default();
    loop {
        sleep(LOOK).await;
        let Some(node) = node.upgrade() else { return };
        agreed.look(&node).await;
        for tenant in node.cluster.indexed_tenants() {
            walk::tenant(&node, tenant).await;
        }
    }
}

/// What was held against what is defined.
#[derive(Default)]
struct Agreed {
    looks: u32,
    /// By tenant: the definitions.
    revisions: FxHashMap<TenantId, u64>,
}

impl Agreed {
    /// The one node that leads the meta group looks for all.
    async fn look(&mut self, node: &Engine) {
        if node.cluster.chief() != Some(node.cluster.node_id()) {
            self.revisions.clear();
            return;
        }
        self.looks += 1;
        if self.looks >= LOOKS && !node.cluster.is_alone() {
            (self.looks, self.revisions) = Default::default();
        }
        let tenants = node.tenants_there();
        self.revisions.retain(|tenant, _| tenants.contains(tenant));
        for tenant in tenants {
            let revision = node.conformance.revision(tenant);
            if self.revisions.get(&tenant) == Some(&revision) {
                continue;
            }
            match Session::new(node, &context(tenant)).agree_on_parameters().await {
                Ok(()) => {
                    self.revisions.insert(tenant, revision);
                }
                Err(error) => {
                    tracing::debug!(tenant = tenant.0, %error, "search parameters are not agreed on yet")
                }
            }
        }
    }
}

/// Of nobody who waits.
fn context(tenant: TenantId) -> Context {
    Context {
        tenant,
        request_id: "indexing".into(),
        trace: None,
        deadline: None,
        base: None,
        stale: None,
        share: Share::default(),
    }
}
