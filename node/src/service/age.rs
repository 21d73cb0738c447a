//! Keeps known how old this node's replicas are.

use crate::{engine::Engine, partition};
use std::{sync::Weak, time::Duration};
use tokio::time::sleep;

/// Between two proofs: what is asked for at most so old, and a little, needs no leader while there is one.
const EVERY: Duration = Duration::from_secs(1);

/// Runs until the node is gone.
pub async fn watch(node: Weak<Engine>) {
    loop {
        sleep(EVERY).await;
        let Some(node) = node.upgrade() else { return };
        if !node.cluster.is_alone() {
            partition::prove_all(&node.cluster).await;
        }
    }
}
