//! What happens when a partition moved on: the search tail and the definitions before the writer is answered, the
//! reference cache, and the actors and half-done transactions of a leadership that came or went.

use crate::{
    clock::Clock,
    conformance,
    engine::{Engine, ReferenceCache, Visibility},
    host::elsewhere,
    observe::steps::{Step, ended},
    service::Node,
    writer,
};
use bytes::Bytes;
use cluster::Answer;
use futures::future::BoxFuture;
use proto::PartitionId;
use std::{
    io,
    sync::{Arc, OnceLock, Weak},
};
use storage::{Change, Store};
use tokio::time::Instant;

/// The node's ear at the cluster. Bound to the node once that exists.
pub struct Observer {
    pub store: Arc<Store>,
    pub search: Arc<search::Engine>,
    pub references: Arc<ReferenceCache>,
    pub definitions: Arc<conformance::Stored>,
    pub visibility: Arc<Visibility>,
    pub clock: Clock,
    pub node: OnceLock<Weak<Engine>>,
    pub runtime: tokio::runtime::Handle,
}

impl cluster::Observer for Observer {
    fn applied<'a>(&'a self, partition: PartitionId, index: u64, changes: &'a [Change]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let started = Instant::now();
            changes
                .iter()
                .map(|change| change.last_updated_ms)
                .max()
                .into_iter()
                .for_each(|ms| self.clock.saw(ms));
            self.search.publish(partition, index, changes).await;
            ended(Step::Tail, started);
            self.references.changed(changes);
            self.definitions.changed(partition, changes);
        })
    }

    fn showing(&self) -> Box<dyn Send> {
        Box::new(self.visibility.show())
    }

    fn replaced(&self, partition: PartitionId) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            let (search, store, definitions) =
                (self.search.clone(), self.store.clone(), self.definitions.clone());
            let references = self.references.clone();
            let clock = self.clock.clone();
            let rebuilt = elsewhere(move || {
                let rows = store.partition(partition)?;
                clock.saw(rows.applied().time_ms);
                search.blocking_forget(partition);
                let mut see = |changes: &[Change]| {
                    references.changed(changes);
                    definitions.changed(partition, changes);
                };
                super::replay(&search, 0, partition, &rows, &mut see)
            });
            rebuilt.await.map_err(io::Error::other)?.map_err(io::Error::other)
        })
    }

    fn vacated(&self, partition: PartitionId) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            self.search.forget(partition).await;
            self.definitions.forget(partition);
            self.references.clear();
            Ok(())
        })
    }

    fn asked(&self, request: Bytes) -> Answer {
        let node = self.node.get().and_then(Weak::upgrade);
        Box::pin(async move {
            let starting = || io::Error::new(io::ErrorKind::NotConnected, "the node is starting");
            let engine = node.ok_or_else(starting)?;
            Ok(Node { engine }.answer(request).await)
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
