//! What a node is made of.

use super::OpenError;
use crate::{clock::Clock, engine::Options};
use cluster::{DiskFolder, Entropy, Folder, Transport};
use std::sync::Arc;
use storage::{
    Store,
    log::{LogStore, Wal},
};

/// Everything of the world outside that a node touches, but for the wires: on parts in memory, in a runtime of one thread
/// with a paused clock, what it does follows from a seed.
pub struct Parts {
    /// The tables.
    pub store: Arc<Store>,
    /// The log that belongs to them: they were always opened with each other.
    pub log: Arc<dyn LogStore>,
    /// The index, and how far it is.
    pub search: (search::Engine, search::Recovered),
    /// What the cluster agreed on.
    pub folder: Arc<dyn Folder>,
    /// The way to other nodes.
    pub transport: Arc<dyn Transport>,
    /// What time it is for everything that is decided.
    pub clock: Clock,
    /// What ids, names and timers are drawn from.
    pub entropy: Entropy,
}

impl Parts {
    /// The real ones, of the data folder, which is created if absent. Reads files.
    ///
    /// # Errors
    /// What cannot be opened, or is in use by another process.
    pub fn open(options: &Options, transport: Arc<dyn Transport>) -> Result<Parts, OpenError> {
        let failed = |source| OpenError::Storage { dir: options.data_dir.display().to_string(), source };
        // The tables first: they have the folder's lock.
        let store = Arc::new(Store::open(&options.data_dir, &options.storage).map_err(failed)?);
        let dir = options.data_dir.join("log");
        let log = Wal::open(&dir, &options.log).map_err(|source| OpenError::Log { dir, source })?;
        Ok(Parts {
            store,
            log: Arc::new(log),
            search: search::Engine::open(&options.data_dir.join("index"), &options.search)?,
            folder: Arc::new(DiskFolder::open(&options.cluster.dir)?),
            transport,
            clock: Clock::default().following(2 * options.clock_off_max),
            entropy: Entropy::system(),
        })
    }
}
