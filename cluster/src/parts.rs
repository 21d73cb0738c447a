//! What the groups of a node are made of.

use crate::entropy::Entropy;
use crate::folder::Folder;
use crate::observer::Observer;
use crate::transport::Transport;
use std::sync::Arc;
use storage::Store;
use storage::log::LogStore;

/// Everything of the world outside that the groups touch, but for time, which is the runtime's: on parts in memory, in a
/// runtime of one thread with a paused clock, a run follows from the seeds alone.
#[derive(Clone)]
pub struct Parts {
    /// The tables.
    pub store: Arc<Store>,
    /// The log that belongs to them: they were always opened with each other.
    pub log: Arc<dyn LogStore>,
    /// The meta group's state.
    pub folder: Arc<dyn Folder>,
    /// Who hears of what is applied.
    pub observer: Arc<dyn Observer>,
    /// The way to other nodes.
    pub transport: Arc<dyn Transport>,
    /// The id of a new cluster, election timeouts.
    pub entropy: Entropy,
}
