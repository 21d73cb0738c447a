//! Files ready to become segments, open and filled before they are needed: in the moment when nothing more can be
//! opened or written on this machine, the log still can be.

use super::folder::{File, Folder};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The file that is being made; removed at the next start.
const MAKING: &str = "next.tmp";
/// A spare that could not be made in the background is tried again after this.
const RETRY: Duration = Duration::from_secs(1);

/// One ready file.
pub(super) struct Spare {
    pub name: String,
    pub file: Arc<dyn File>,
    pub bytes: u64,
}

/// The ready files, and the thread that makes more.
pub(super) struct Spares {
    folder: Arc<dyn Folder>,
    /// Of an ordinary segment.
    bytes: u64,
    /// Freed files that are kept.
    keep: usize,
    ready: VecDeque<Spare>,
    making: bool,
    /// `None` when the thread is to end.
    orders: Option<Sender<u64>>,
    made: Receiver<io::Result<Spare>>,
    failed: Option<Instant>,
    thread: Option<JoinHandle<()>>,
}

impl Spares {
    /// Takes over the spares `found` in the folder, and starts the thread.
    pub(super) fn open(
        folder: Arc<dyn Folder>,
        bytes: u64,
        keep: usize,
        found: Vec<String>,
    ) -> io::Result<Spares> {
        let number = |name: &String| -> Option<u64> {
            name.strip_prefix("spare-")?.strip_suffix(".wal")?.parse().ok()
        };
        let next = found.iter().filter_map(number).max().map_or(0, |last| last + 1);
        let mut ready = VecDeque::new();
        for name in found {
            let file = folder.open(&name)?;
            if file.len()? == bytes && ready.len() < keep {
                ready.push_back(Spare { name, file, bytes });
            } else {
                folder.remove(&name)?;
            }
        }
        let (orders, wanted) = bounded(1);
        let (answers, made) = bounded(1);
        let maker = Maker { reserve: folder.create(MAKING).ok(), folder: folder.clone(), next };
        let thread = std::thread::Builder::new().name("raft-log-space".to_owned());
        let thread = Some(thread.spawn(move || maker.run(&wanted, &answers))?);
        let orders = Some(orders);
        Ok(Spares { folder, bytes, keep, ready, making: false, orders, made, failed: None, thread })
    }

    /// A file of at least `need` bytes; waits for one to be made where none is ready.
    pub(super) fn take(&mut self, need: u64) -> io::Result<Spare> {
        self.collect();
        let bytes = need.max(self.bytes);
        loop {
            if let Some(at) = self.ready.iter().position(|spare| spare.bytes >= need) {
                return Ok(self.ready.remove(at).expect("found above"));
            }
            if !self.making {
                self.order(bytes);
            }
            let spare = self.wait()?;
            self.ready.push_back(spare);
        }
    }

    /// A file of exactly `bytes`, for the first segment of a log.
    pub(super) fn make(&mut self, bytes: u64) -> io::Result<Spare> {
        self.order(bytes);
        self.wait()
    }

    fn wait(&mut self) -> io::Result<Spare> {
        let gone = |_| Err(io::Error::other("the thread that makes spares is gone"));
        let made = self.made.recv().unwrap_or_else(gone);
        self.making = false;
        made
    }

    /// Has a spare made where there is none; returns at once.
    pub(super) fn prepare(&mut self) {
        self.collect();
        let failed_lately = self.failed.is_some_and(|at| at.elapsed() < RETRY);
        if self.ready.is_empty() && !self.making && !failed_lately {
            self.order(self.bytes);
        }
    }

    /// Keeps a freed segment as a spare, or removes it.
    pub(super) fn recycle(&mut self, name: &str, file: &Arc<dyn File>, bytes: u64) -> io::Result<()> {
        if bytes != self.bytes || self.ready.len() >= self.keep {
            return self.folder.remove(name);
        }
        let spare = format!("spare-{name}");
        self.folder.rename(name, &spare)?;
        // Or a crash could bring the old name back, on a file that has begun another life.
        self.folder.sync()?;
        self.ready.push_back(Spare { name: spare, file: file.clone(), bytes });
        Ok(())
    }

    fn order(&mut self, bytes: u64) {
        self.making = self.orders.as_ref().is_some_and(|orders| orders.try_send(bytes).is_ok());
    }

    fn collect(&mut self) {
        let Ok(made) = self.made.try_recv() else { return };
        self.making = false;
        match made {
            Ok(spare) => self.ready.push_back(spare),
            // Who needs one tries again and reports what it meets.
            Err(error) => {
                tracing::warn!(%error, "could not prepare a log segment");
                self.failed = Some(Instant::now());
            }
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.orders = None;
        // The thread has the folder, and who opens it next must not meet its lock.
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that makes spares panicked");
        }
    }
}

/// Makes a spare for each order, and ends with [`Spares`].
struct Maker {
    folder: Arc<dyn Folder>,
    /// An empty file, open so that making a spare needs no new descriptor.
    reserve: Option<Arc<dyn File>>,
    next: u64,
}

impl Maker {
    fn run(mut self, wanted: &Receiver<u64>, answers: &Sender<io::Result<Spare>>) {
        while let Ok(bytes) = wanted.recv() {
            let made = self.make(bytes);
            // Where there is no descriptor now, there may be one when it is needed.
            self.reserve = self.folder.create(MAKING).ok();
            if answers.send(made).is_err() {
                break;
            }
        }
    }

    fn make(&mut self, bytes: u64) -> io::Result<Spare> {
        let file = match self.reserve.take() {
            Some(file) => file,
            None => self.folder.create(MAKING)?,
        };
        let name = format!("spare-{}.wal", self.next);
        let made = fill(&*file, bytes).and_then(|()| self.folder.rename(MAKING, &name));
        if let Err(error) = made {
            // Gives back its space; the error that matters is the one being returned.
            let _ = self.folder.remove(MAKING);
            return Err(error);
        }
        self.next += 1;
        Ok(Spare { name, file, bytes })
    }
}

/// Zeros are really written: extents that are only reserved would cost a metadata write at each first sync.
fn fill(file: &dyn File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0_u8; bytes.min(1 << 20) as usize];
    let mut at = 0;
    while at < bytes {
        let part = (bytes - at).min(zeros.len() as u64);
        file.write_all_at(&zeros[..part as usize], at)?;
        at += part;
    }
    file.sync_data()
}
