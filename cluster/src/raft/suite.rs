//! The Raft library's own suite for storage, over our log and our machines.

use super::log::Log;
use super::machine::Lasting;
use super::{Machine, Target, Types};
use crate::admission::Admission;
use crate::folder::MemoryFolder;
use crate::meta::MetaStore;
use crate::meters::Meters;
use crate::observer::Observer;
use crate::transport::Answer;
use bytes::Bytes;
use futures::future::BoxFuture;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use proto::PartitionId;
use std::sync::Arc;
use storage::log::{LogStore, MemoryLog, Wal};
use storage::{Change, Disk, Store};
use tokio::sync::{Semaphore, mpsc};

struct Deaf;

impl Observer for Deaf {
    fn applied<'a>(&'a self, _: PartitionId, _: u64, _: &'a [Change]) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
    fn showing(&self) -> Box<dyn Send> {
        Box::new(())
    }

    fn replaced(&self, _: PartitionId) -> BoxFuture<'_, std::io::Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn vacated(&self, _: PartitionId) -> BoxFuture<'_, std::io::Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn asked(&self, _: Bytes) -> Answer {
        Box::pin(async { Ok(Bytes::new()) })
    }
    fn leadership(&self, _: PartitionId, _: bool) {}
}

/// A partition's group on the node's real log and tables.
struct OnDisk;
/// One in memory.
struct InMemory;
/// The meta group in memory.
struct Meta;

fn stores(log: Arc<dyn LogStore>, target: Target) -> (Log, Machine) {
    let meters = Arc::new(Meters::new());
    let (alive, _) = mpsc::channel(1);
    let admission = Admission::new(log.clone(), 1, 1);
    let machine = Machine::new(target, Lasting::default(), admission, meters.clone(), 1 << 20, alive.clone());
    (Log::new(1, log, Arc::new(Semaphore::new(1)), meters, alive), machine)
}

fn partition_of(store: &Store) -> Target {
    let id = PartitionId(1);
    Target::Partition { id, partition: store.partition(id).unwrap(), observer: Arc::new(Deaf) }
}

impl StoreBuilder<Types, Log, Machine, tempfile::TempDir> for OnDisk {
    async fn build(&self) -> Result<(tempfile::TempDir, Log, Machine), StorageError<Types>> {
        let dir = tempfile::tempdir().unwrap();
        let options =
            storage::log::Options { first_segment_bytes: 65_536, ..storage::log::Options::default() };
        let log = Arc::new(Wal::open(&dir.path().join("log"), &options).unwrap());
        let store = Store::open(dir.path(), &storage::Options::default()).unwrap();
        let (log, machine) = stores(log, partition_of(&store));
        Ok((dir, log, machine))
    }
}

impl StoreBuilder<Types, Log, Machine> for InMemory {
    async fn build(&self) -> Result<((), Log, Machine), StorageError<Types>> {
        let store = Store::in_memory(&Disk::default());
        let (log, machine) = stores(Arc::new(MemoryLog::immediate()), partition_of(&store));
        Ok(((), log, machine))
    }
}

impl StoreBuilder<Types, Log, Machine> for Meta {
    async fn build(&self) -> Result<((), Log, Machine), StorageError<Types>> {
        let meta = MetaStore::open(Arc::new(MemoryFolder::default()), "nowhere".as_ref()).unwrap();
        let (log, machine) = stores(Arc::new(MemoryLog::immediate()), Target::Meta(Arc::new(meta)));
        Ok(((), log, machine))
    }
}

/// The suite's last test installs what a builder made in another machine; a builder of ours makes a flush, and rows are read when
/// another node needs them (`tests/many_nodes.rs`).
fn all_but_snapshots(outcome: Result<(), StorageError<Types>>) {
    let refused = outcome.unwrap_err().to_string();
    assert!(refused.contains("a snapshot of another kind of group"), "{refused}");
}

// The suite sleeps until a purge has happened; ours happen at once.
#[tokio::test(start_paused = true)]
async fn a_partition_on_disk_is_as_the_library_wants_it() {
    all_but_snapshots(Suite::test_all(OnDisk).await);
}

#[tokio::test(start_paused = true)]
async fn a_partition_in_memory_is_as_the_library_wants_it() {
    all_but_snapshots(Suite::test_all(InMemory).await);
}

#[tokio::test(start_paused = true)]
async fn the_meta_group_is_as_the_library_wants_it() {
    all_but_snapshots(Suite::test_all(Meta).await);
}
