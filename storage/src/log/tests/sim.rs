//! A disk in memory that loses what was not synced, fails when told to, and runs out of things.

use super::super::folder::{File, Folder};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What writes tear at.
const SECTOR: usize = 512;

/// One operation, as a [`Sim::fault`] sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Create,
    Rename,
    Remove,
    Write,
    Sync,
    SyncFolder,
}

/// Decides of each operation, before it is done, whether it fails.
pub type Fault = Box<dyn FnMut(Op) -> Option<io::Error> + Send>;

/// What a power cut leaves of what was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Left {
    Nothing,
    /// A killed process: the page cache has everything.
    All,
    /// Sectors of writes, and a beginning of the names' changes, by this seed.
    Some(u64),
}

#[derive(Clone, Default)]
struct Inode {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone)]
enum Change {
    Link(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    changes: Vec<Change>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    fault: Mutex<Option<Fault>>,
    /// Syncs that are said to be done, and are not.
    lies: Mutex<Option<Op>>,
}

/// Clones share the disk.
#[derive(Clone, Default)]
pub struct Sim(Arc<Shared>);

struct Open {
    disk: Sim,
    inode: usize,
}

/// A small generator, for what a seed has to repeat.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

impl Sim {
    pub fn fault(&self, fault: impl FnMut(Op) -> Option<io::Error> + Send + 'static) {
        *self.0.fault.lock() = Some(Box::new(fault));
    }

    /// From now on this kind of sync does nothing, as if the log did not call it.
    pub fn lie(&self, sync: Op) {
        *self.0.lies.lock() = Some(sync);
    }

    pub fn heal(&self) {
        *self.0.fault.lock() = None;
    }

    /// The disk that is found after the power came back.
    pub fn power_cut(&self, left: Left) -> Sim {
        let state = self.0.state.lock();
        let mut random = Random(if let Left::Some(seed) = left { seed } else { 0 });
        let kept = match left {
            Left::Nothing => 0,
            Left::All => state.changes.len(),
            Left::Some(_) => random.below(state.changes.len() + 1),
        };
        let mut names = state.durable.clone();
        state.changes[..kept].iter().for_each(|change| apply(&mut names, change));
        let inodes = state.inodes.iter().map(|inode| inode.after(left, &mut random)).collect();
        let durable = names.clone();
        let after = State { inodes, names, durable, changes: Vec::new() };
        Sim(Arc::new(Shared { state: Mutex::new(after), ..Shared::default() }))
    }

    /// A copy that shares nothing.
    pub fn copy(&self) -> Sim {
        self.power_cut(Left::All)
    }

    /// Names and contents.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.0.state.lock();
        state.names.iter().map(|(name, inode)| (name.clone(), state.inodes[*inode].now.clone())).collect()
    }

    /// Puts a file there, durably.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.0.state.lock();
        let inode = state.inodes.len();
        state.inodes.push(Inode { now: bytes.clone(), durable: bytes, unsynced: Vec::new() });
        state.names.insert(name.to_owned(), inode);
        state.durable.insert(name.to_owned(), inode);
    }

    fn meet(&self, op: Op) -> io::Result<()> {
        let failed = self.0.fault.lock().as_mut().and_then(|fault| fault(op));
        failed.map_or(Ok(()), Err)
    }

    fn change(&self, change: Change) {
        let mut state = self.0.state.lock();
        apply(&mut state.names, &change);
        state.changes.push(change);
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Link(name, inode) => drop(names.insert(name.clone(), *inode)),
        Change::Remove(name) => drop(names.remove(name)),
        Change::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
    }
}

impl Inode {
    fn after(&self, left: Left, random: &mut Random) -> Inode {
        let mut bytes = self.durable.clone();
        match left {
            Left::Nothing => {}
            Left::All => bytes.clone_from(&self.now),
            Left::Some(_) => {
                for (offset, written) in &self.unsynced {
                    let mut at = *offset;
                    while at < offset + written.len() {
                        let end = ((at / SECTOR + 1) * SECTOR).min(offset + written.len());
                        if random.below(2) == 0 {
                            overwrite(&mut bytes, at, &written[at - offset..end - offset]);
                        }
                        at = end;
                    }
                }
            }
        }
        Inode { now: bytes.clone(), durable: bytes, unsynced: Vec::new() }
    }
}

fn overwrite(bytes: &mut Vec<u8>, at: usize, with: &[u8]) {
    if bytes.len() < at + with.len() {
        bytes.resize(at + with.len(), 0);
    }
    bytes[at..at + with.len()].copy_from_slice(with);
}

impl Folder for Sim {
    fn path(&self) -> &Path {
        Path::new("/sim")
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.state.lock().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let inode = self.0.state.lock().names.get(name).copied();
        let inode = inode.ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(Open { disk: self.clone(), inode }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.meet(Op::Create)?;
        let inode = {
            let mut state = self.0.state.lock();
            state.inodes.push(Inode::default());
            state.inodes.len() - 1
        };
        self.change(Change::Link(name.to_owned(), inode));
        Ok(Arc::new(Open { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.meet(Op::Rename)?;
        if !self.0.state.lock().names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.meet(Op::Remove)?;
        self.change(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.meet(Op::SyncFolder)?;
        if *self.0.lies.lock() == Some(Op::SyncFolder) {
            return Ok(());
        }
        let mut state = self.0.state.lock();
        state.durable = state.names.clone();
        state.changes.clear();
        Ok(())
    }
}

impl File for Open {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.0.state.lock().inodes[self.inode].now.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.0.state.lock();
        let (start, end) = (offset as usize, offset as usize + buffer.len());
        let found = state.inodes[self.inode].now.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.meet(Op::Write)?;
        let inode = &mut self.disk.0.state.lock().inodes[self.inode];
        overwrite(&mut inode.now, offset as usize, bytes);
        inode.unsynced.push((offset as usize, bytes.to_vec()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let met = self.disk.meet(Op::Sync);
        if *self.disk.0.lies.lock() == Some(Op::Sync) {
            return Ok(());
        }
        let inode = &mut self.disk.0.state.lock().inodes[self.inode];
        // As Linux does it: after a failed sync the pages count as clean, and the next one succeeds without them.
        let unsynced = std::mem::take(&mut inode.unsynced);
        met?;
        for (offset, bytes) in unsynced {
            overwrite(&mut inode.durable, offset, &bytes);
        }
        Ok(())
    }
}
