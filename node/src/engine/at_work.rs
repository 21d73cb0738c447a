//! Whether somebody is still at work on what bears a name.

use super::{Engine, Owner};
use crate::partition::{Twice, ask, question};
use bytes::Bytes;
use cluster::{MetaNode, Standing};
use prost::Message;
use proto::internal::v1 as wire;
use std::time::Duration;
use tokio::time::timeout;

/// How another node asks.
pub const AT_WORK: &str = "at-work";

/// A node that says nothing for so long is not waited for: what it was about to write is refused.
const ANSWER: Duration = Duration::from_secs(1);

impl Engine {
    /// Whether the process that gave out the name of a transaction or reservation lives, and so may be at work on it. A node that
    /// cannot be asked counts as dead: whoever takes over from it does so in the log, where what it writes too late is refused.
    pub async fn is_at_work(&self, name: &Bytes) -> bool {
        self.at_work(name).await.unwrap_or(false)
    }

    /// Whether that process is gone for certain: its node says so, or has been removed. What it sent may still arrive.
    pub async fn is_gone(&self, name: &Bytes) -> bool {
        self.at_work(name).await == Some(false)
    }

    /// `None`: it cannot be told.
    async fn at_work(&self, name: &Bytes) -> Option<bool> {
        let node = match self.tokens.owner(name) {
            Owner::This => return Some(true),
            Owner::Gone => return Some(false),
            Owner::Other(node) => node,
        };
        let removed = |known: &MetaNode| known.node_id == node && known.standing() == Standing::Removed;
        if self.cluster.meta().nodes.iter().any(removed) {
            return Some(false);
        }
        let request = question(AT_WORK, &wire::AtWorkRequest { name: name.clone() });
        let asked = ask::<wire::AtWorkAnswer>(&self.cluster, node, &request, Twice::Harmless);
        Some(timeout(ANSWER, asked).await.ok()?.ok()?.at_work)
    }

    /// The answer to another node.
    pub fn tell_at_work(&self, asked: &wire::AtWorkRequest) -> Bytes {
        let at_work = self.tokens.owner(&asked.name) == Owner::This;
        wire::AtWorkAnswer { at_work }.encode_to_vec().into()
    }
}
