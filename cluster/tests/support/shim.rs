//! A folder of the log on the real disk that can be slowed down and broken.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use storage::log::{DiskFolder, File, Folder, LogStore, Options, Wal};

/// What is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Create,
    Sync,
}

type Fault = dyn Fn(Call) -> io::Result<()> + Send + Sync;

#[derive(Clone)]
pub struct Shim {
    folder: Arc<DiskFolder>,
    fault: Arc<Fault>,
}

struct ShimFile {
    file: Arc<dyn File>,
    fault: Arc<Fault>,
}

/// A log in `dir/log` whose operations ask `fault` first.
pub fn open_log(
    dir: &Path,
    options: &Options,
    fault: impl Fn(Call) -> io::Result<()> + Send + Sync + 'static,
) -> Arc<dyn LogStore> {
    let folder = Arc::new(DiskFolder::open(&dir.join("log")).unwrap());
    Arc::new(Wal::open_in(Arc::new(Shim { folder, fault: Arc::new(fault) }), options).unwrap())
}

/// Holds who comes while it is closed.
#[derive(Default)]
pub struct Gate {
    closed: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    pub fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.changed.notify_all();
    }

    pub fn pass(&self) {
        drop(self.changed.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
    }
}

impl Shim {
    fn wrap(&self, file: io::Result<Arc<dyn File>>) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(ShimFile { file: file?, fault: self.fault.clone() }))
    }
}

impl Folder for Shim {
    fn path(&self) -> &Path {
        self.folder.path()
    }
    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.wrap(self.folder.open(name))
    }
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        (self.fault)(Call::Create)?;
        self.wrap(self.folder.create(name))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }
    fn sync(&self) -> io::Result<()> {
        self.folder.sync()
    }
}

impl File for ShimFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        (self.fault)(Call::Sync)?;
        self.file.sync_data()
    }
}
