//! Whether the node can serve.

use crate::server::Stop;
use serde::Serialize;
use tokio::sync::watch;

/// Why the node does not serve now; empty: it does. The node publishes it through a `tokio::sync::watch`, so that
/// `/health/ready` and the gRPC health service say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// One sentence each, such as "partition 3 has no leader".
    pub reasons: Vec<String>,
}

impl Readiness {
    /// Serving.
    pub fn ready() -> Self {
        Readiness::default()
    }

    /// Not serving, and why.
    pub fn not_ready(reason: impl Into<String>) -> Self {
        Readiness { reasons: vec![reason.into()] }
    }

    /// Whether there is nothing in the way.
    pub fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// The node's readiness, and whether the server is stopping, which makes it not ready whatever the node says.
#[derive(Clone)]
pub struct Health {
    node: watch::Receiver<Readiness>,
    stop: Stop,
}

impl Health {
    /// Of the node and of the server around it.
    pub fn new(node: watch::Receiver<Readiness>, stop: Stop) -> Self {
        Health { node, stop }
    }

    /// As of now.
    pub fn current(&self) -> Readiness {
        if self.stop.is_set() {
            return Readiness::not_ready("the node is stopping");
        }
        self.node.borrow().clone()
    }

    /// Returns when [`Health::current`] may have changed; `false`: it never will again, since the node is stopping.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            () = self.stop.clone().wait() => false,
            changed = self.node.changed() => changed.is_ok(),
        }
    }
}
