//! From a folder to a running node.

use super::{Inner, Node, Options, observer};
use crate::{clock::Clock, compartment::Directory, transaction::ReferenceCache};
use cluster::Cluster;
use std::sync::{Arc, OnceLock};
use storage::{Store, log::LogStore};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the data folder {dir}: {source}")]
    Storage { dir: String, source: storage::Error },
    #[error("cannot open the search index: {0}")]
    Search(#[from] search::Error),
    #[error("cannot start the Raft groups: {0}")]
    Cluster(#[from] cluster::Error),
    #[error("cannot start the actors: {0}")]
    Actors(#[from] ractor::SpawnErr),
}

impl Node {
    /// Opens the data folder (created if absent), brings search up to the tables, replays the log, and returns once
    /// every partition has a leader and can serve.
    pub async fn open(options: Options) -> Result<Node, OpenError> {
        let dir = options.data_dir.display().to_string();
        let failed = |source| OpenError::Storage { dir: dir.clone(), source };
        let store = Arc::new(Store::open(&options.data_dir.join("state"), &options.storage).map_err(failed)?);
        let log = LogStore::open(&options.data_dir.join("log"), &options.log).map_err(failed)?;
        let (search, recovered) = search::Engine::open(&options.data_dir.join("index"), &options.search)?;
        let search = Arc::new(search);
        for partition in cluster::PartitionMap::new(options.cluster.partitions).partitions() {
            let rows = store.partition(partition).map_err(failed)?;
            replay(&search, &recovered, partition, &rows).map_err(failed)?;
        }
        let references = Arc::new(ReferenceCache::new(options.reference_cache_max));
        let observer = Arc::new(observer::Observer {
            search: search.clone(),
            references: references.clone(),
            node: OnceLock::new(),
            runtime: tokio::runtime::Handle::current(),
        });
        let cluster = Cluster::start(options.cluster.clone(), store, Arc::new(log), observer.clone()).await?;
        let clock = Clock;
        let groups: Vec<_> = cluster.groups().cloned().collect();
        let directory = Directory::start(&groups, &clock, &options.actors).await?;
        let inner = Arc::new_cyclic(|this| Inner {
            this: this.clone(),
            options,
            cluster,
            search,
            directory,
            references,
            clock,
        });
        // From here on leadership changes reach the node; what was prepared before is settled now.
        let _ = observer.node.set(Arc::downgrade(&inner));
        for group in &groups {
            observer::recover(&inner, group.id()).await;
        }
        Ok(Node { inner })
    }

    /// Ends the node: nothing new is taken, what is in flight is committed, tables and index are flushed.
    pub async fn shutdown(&self) {
        for partition in self.inner.cluster.map().partitions() {
            self.inner.directory.stop(partition);
        }
        self.inner.cluster.shutdown().await;
        self.inner.search.shutdown();
    }

    /// `Err` says what is missing before the node can serve.
    pub fn ready(&self) -> Result<(), String> {
        let leaderless =
            self.inner.cluster.groups().filter(|group| !group.is_leader()).map(|group| group.id().to_string());
        let leaderless: Vec<String> = leaderless.collect();
        match leaderless.is_empty() {
            true => Ok(()),
            false => Err(format!("no leader for {}", leaderless.join(", "))),
        }
    }
}

/// Gives search what the tables have and its last commit has not.
fn replay(
    search: &search::Engine,
    recovered: &search::Recovered,
    partition: proto::PartitionId,
    rows: &storage::Partition,
) -> Result<(), storage::Error> {
    const CHUNK: usize = 1000;
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut index = recovered.applied(partition);
    for change in rows.feed(index) {
        let (at, change) = change?;
        // A log entry's changes are published together: its index means that all of them are in.
        if chunk.len() >= CHUNK && at != index {
            search.publish(partition, index, &chunk);
            chunk.clear();
        }
        index = at;
        chunk.push(change);
    }
    search.publish(partition, index.max(rows.applied().index), &chunk);
    Ok(())
}
