//! Whether somebody is still at work on what bears a name.

use super::{Engine, Owner};
use crate::partition::{Twice, ask, question};
use bytes::Bytes;
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
        let node = match self.tokens.owner(name) {
            Owner::This => return true,
            Owner::Gone => return false,
            Owner::Other(node) => node,
        };
        let request = question(AT_WORK, &wire::AtWorkRequest { name: name.clone() });
        let asked = ask::<wire::AtWorkAnswer>(&self.cluster, node, &request, Twice::Harmless);
        matches!(timeout(ANSWER, asked).await, Ok(Ok(answer)) if answer.at_work)
    }

    /// The answer to another node.
    pub fn tell_at_work(&self, asked: &wire::AtWorkRequest) -> Bytes {
        let at_work = self.tokens.owner(&asked.name) == Owner::This;
        wire::AtWorkAnswer { at_work }.encode_to_vec().into()
    }
}
