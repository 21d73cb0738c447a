//! One data folder and its partitions.

mod folder;

use crate::error::Result;
use crate::kv::{Database, Engine, Memory, out_of_memory};
use crate::log::{MemoryDisk, MemoryLog};
use crate::{Options, Partition};
use folder::Folder;
use parking_lot::Mutex;
use proto::id::PartitionId;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The state tables of one node.
pub struct Store {
    open: Mutex<BTreeMap<PartitionId, Arc<Partition>>>,
    backend: Backend,
}

enum Backend {
    Rocks(Arc<Database>),
    Memory(Disk),
}

/// What a simulated node keeps when it crashes: its tables and its log. Clones share it.
#[derive(Clone, Default)]
pub struct Disk {
    partitions: Arc<Mutex<BTreeMap<PartitionId, Memory>>>,
    log: MemoryDisk,
}

impl Disk {
    /// Loses everything since the last flush of each partition, and what was not synced of the log. Stores and logs opened
    /// before do no more harm: what they write goes nowhere. Open new ones afterwards.
    pub fn crash(&self) {
        for memory in self.partitions.lock().values_mut() {
            *memory = memory.after_crash();
        }
        self.log.crash();
    }

    /// Has the log lose its power after so many more operations; to be followed by [`Disk::crash`].
    pub fn break_log_after(&self, operations: usize) {
        self.log.crash_after(operations);
    }

    /// The log on this disk, with what was synced of it.
    pub fn open_log(&self) -> MemoryLog {
        self.log.open()
    }

    pub(crate) fn partition(&self, id: PartitionId) -> Memory {
        self.partitions.lock().entry(id).or_default().clone()
    }
}

impl Store {
    /// Opens or creates the data folder `dir`: takes its lock, checks its format, opens the tables in `dir/state`.
    ///
    /// # Errors
    /// [`crate::Error::InUse`] where another process (or another store of this one) has it,
    /// [`crate::Error::NewerFormat`], [`crate::Error::Io`], [`crate::Error::Short`], [`crate::Error::Engine`].
    pub fn open(dir: &Path, options: &Options) -> Result<Self> {
        out_of_memory::tell();
        let folder = Folder::open(dir)?;
        let database = Database::open(&dir.join("state"), options, folder)?;
        Ok(Store { open: Mutex::default(), backend: Backend::Rocks(database) })
    }

    /// A store in memory that loses, like the real one, what was not flushed.
    pub fn in_memory(disk: &Disk) -> Self {
        Store { open: Mutex::default(), backend: Backend::Memory(disk.clone()) }
    }

    /// The partition, created empty where it does not exist; the same one every time.
    pub fn partition(&self, id: PartitionId) -> Result<Arc<Partition>> {
        let mut open = self.open.lock();
        if let Some(partition) = open.get(&id) {
            return Ok(Arc::clone(partition));
        }
        let engine: Box<dyn Engine> = match &self.backend {
            Backend::Rocks(database) => Box::new(database.family(&id.to_string())?),
            Backend::Memory(disk) => Box::new(disk.partition(id)),
        };
        let partition = Arc::new(Partition::open(engine)?);
        open.insert(id, Arc::clone(&partition));
        Ok(partition)
    }

    /// Flushes all open partitions, for a restart without replay. Blocks on IO.
    pub fn flush(&self) -> Result<()> {
        let open: Vec<_> = self.open.lock().values().cloned().collect();
        open.iter().try_for_each(|partition| partition.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, EntryPayload, Error};

    #[test]
    fn a_folder_has_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        let second = Store::open(dir.path(), &Options::default());
        assert!(second.is_err_and(|error| error.to_string().contains(dir.path().to_str().unwrap())));
        let partition = store.partition(PartitionId(1)).unwrap();
        drop(store);
        assert!(Store::open(dir.path(), &Options::default()).is_err(), "a partition is still open");
        drop(partition);
        Store::open(dir.path(), &Options::default()).unwrap();
    }

    #[test]
    fn a_store_of_before_a_crash_does_no_more_harm() {
        let disk = Disk::default();
        let id = PartitionId(1);
        let entry = |index| Entry { index, term: 1, payload: EntryPayload::Blank };
        let before = Store::in_memory(&disk).partition(id).unwrap();
        before.apply(&[entry(1)]).unwrap();
        before.flush().unwrap();
        before.apply(&[entry(2)]).unwrap();
        disk.crash();
        before.apply(&[entry(3)]).unwrap();
        before.flush().unwrap();
        assert_eq!(Store::in_memory(&disk).partition(id).unwrap().applied().index, 1);
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path(), &Options::default()).unwrap());
        std::fs::write(dir.path().join("FORMAT"), "salamander data 3\n").unwrap();
        let refused = Store::open(dir.path(), &Options::default());
        assert!(matches!(refused, Err(Error::NewerFormat { found: 3, supported: 2, .. })));
    }

    #[test]
    fn a_partition_is_opened_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Options::default()).unwrap();
        let first = store.partition(PartitionId(3)).unwrap();
        assert!(Arc::ptr_eq(&first, &store.partition(PartitionId(3)).unwrap()));
    }
}
