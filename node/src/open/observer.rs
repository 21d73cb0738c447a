//! What happens when a partition moved on: the search tail and the definitions before the writer is answered, the
//! reference cache, and the actors and half-done transactions of a leadership that came or went.

use crate::{
    conformance,
    engine::{Engine, ReferenceCache},
    observe::steps::{Step, ended},
    writer,
};
use futures::future::BoxFuture;
use proto::PartitionId;
use std::sync::{Arc, OnceLock, Weak};
use storage::Change;
use tokio::time::Instant;

/// The node's ear at the cluster. Bound to the node once that exists.
pub struct Observer {
    pub search: Arc<search::Engine>,
    pub references: Arc<ReferenceCache>,
    pub definitions: Arc<conformance::Stored>,
    pub node: OnceLock<Weak<Engine>>,
    pub runtime: tokio::runtime::Handle,
}

impl cluster::Observer for Observer {
    fn applied<'a>(&'a self, partition: PartitionId, index: u64, changes: &'a [Change]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let started = Instant::now();
            self.search.publish(partition, index, changes).await;
            ended(Step::Tail, started);
            self.references.changed(changes);
            self.definitions.changed(partition, changes);
        })
    }

    fn leadership(&self, partition: PartitionId, leader: bool) {
        let Some(node) = self.node.get().and_then(Weak::upgrade) else { return };
        if leader {
            self.runtime.spawn(async move { writer::recover(&node, partition).await });
        } else {
            node.actors.stop(partition);
        }
    }
}
