//! Whether the node can serve, and whether it ever will again.

use crate::stop::Stop;
use serde::Serialize;
use tokio::sync::watch;

/// Why the node does not serve now; empty: it does. The node publishes it through a `tokio::sync::watch`, so that
/// `/health/ready` and the gRPC health service say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// One sentence each, such as "partition 3 has no leader".
    pub reasons: Vec<String>,
    /// What is in the way stays there until the process is started again: it is not live.
    pub failed: bool,
}

impl Readiness {
    /// Serving.
    pub fn ready() -> Self {
        Readiness::default()
    }

    /// Not serving, and why.
    pub fn not_ready(reason: impl Into<String>) -> Self {
        Readiness { reasons: vec![reason.into()], failed: false }
    }

    /// Not serving, and nothing but a new start will change that.
    pub fn failed(reason: impl Into<String>) -> Self {
        Readiness { failed: true, ..Readiness::not_ready(reason) }
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
        let node = self.node.borrow().clone();
        match self.stop.is_near() && !node.failed {
            true => Readiness::not_ready("the node is stopping"),
            false => node,
        }
    }

    /// Returns when [`Health::current`] may have changed; `false`: it never will again, since the node is stopping.
    pub async fn changed(&mut self) -> bool {
        tokio::select! {
            () = self.stop.clone().near() => false,
            changed = self.node.changed() => changed.is_ok(),
        }
    }
}
