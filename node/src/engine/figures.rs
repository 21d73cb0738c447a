//! What the metrics page asks the node for.

use super::Node;
use std::sync::Arc;

/// The node's figures of a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Live compartment actors.
    pub actors: usize,
    /// Messages that wait for them, or are on their way.
    pub queued: usize,
    /// How full the fullest search tail is; at 1.0 writes wait.
    pub tail_fill: f32,
}

impl Node {
    /// Takes the figures whenever it is called; `None` once the node is gone, which this does not prevent.
    pub fn figures(&self) -> impl Fn() -> Option<Figures> + Send + Sync + use<> {
        let node = Arc::downgrade(&self.inner);
        move || {
            let node = node.upgrade()?;
            let (actors, queued) = (node.directory.len(), node.directory.queued());
            Some(Figures { actors, queued, tail_fill: node.search.fill() })
        }
    }
}
