//! A log or partition that takes no more writes until the process starts again.

use crate::service::Node;

impl Node {
    /// Why the log or a partition has failed for good, if one has.
    pub fn failure(&self) -> Option<String> {
        self.engine.cluster.failure().map(|failure| failure.to_string())
    }

    /// Returns when [`Node::failure`] has something to say.
    pub async fn failed(&self) -> String {
        self.engine.cluster.failed().await.to_string()
    }
}
