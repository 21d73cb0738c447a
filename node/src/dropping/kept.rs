//! What a node keeps of a tenant beside its rows. It goes when the rows are gone everywhere, and nothing of them can come here any more.

use crate::{engine::Engine, error};
use cluster::MetaTenant;
use proto::{Error, TenantId};
use std::collections::BTreeSet;

/// What this node has let go of, and what it has yet to.
pub struct Kept {
    /// Tenants of which nothing is kept any more.
    without: BTreeSet<u32>,
    /// Of an earlier life of this node.
    left: BTreeSet<u32>,
}

impl Kept {
    /// At the start of the node: what its index has of tenants that are not there.
    pub fn of(node: &Engine) -> Kept {
        let indexed = node.search.tenants().unwrap_or_else(|error| {
            tracing::warn!(%error, "what the index has of deleted tenants stays until the next start");
            vec![]
        });
        let there = node.tenants_there();
        let left: BTreeSet<u32> =
            indexed.into_iter().filter(|tenant| !there.contains(tenant)).map(|tenant| tenant.0).collect();
        let gone = node.cluster.tenants().0.into_iter().filter(|one| one.gone).map(|one| one.tenant);
        Kept { without: gone.filter(|tenant| !left.contains(tenant)).collect(), left }
    }

    /// Whether nothing is left to do but what comes with changes of what is agreed on.
    pub fn is_through(&self) -> bool {
        self.left.is_empty()
    }

    /// Lets go of those that are gone.
    pub async fn let_go(&mut self, node: &Engine, ended: &[MetaTenant]) {
        let gone = ended.iter().filter(|one| one.gone).map(|one| one.tenant);
        self.left.extend(gone.filter(|tenant| !self.without.contains(tenant)));
        let is_going = |tenant: &u32| ended.iter().any(|one| one.tenant == *tenant && !one.gone);
        let due: Vec<u32> = self.left.iter().copied().filter(|tenant| !is_going(tenant)).collect();
        for tenant in due {
            match has_none(node, TenantId(tenant)) {
                Ok(true) => {
                    forget(node, TenantId(tenant)).await;
                    self.left.remove(&tenant);
                    self.without.insert(tenant);
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(tenant, %error, "whether rows of a deleted tenant are here is not known yet")
                }
            }
        }
    }
}

/// Whether no replica here has rows of it, or will: each has applied that nothing of it is taken any more, or has nothing at all.
fn has_none(node: &Engine, tenant: TenantId) -> Result<bool, Error> {
    if node.has_tenant(tenant) {
        return Ok(false);
    }
    for group in node.cluster.groups() {
        let rows = group.partition();
        let is_empty = || rows.applied().index == 0 || !node.cluster.holds(group.id());
        if !rows.has_dropped(tenant).map_err(error::storage)? && !is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn forget(node: &Engine, tenant: TenantId) {
    node.search.forget_tenant(tenant).await;
    node.conformance.forget_tenant(tenant);
    node.references.clear();
    tracing::info!(tenant = tenant.0, "nothing is left here of a deleted tenant");
}
