//! Rows of another replica, which take the place of all that are here.

use super::Partition;
use super::chunk::{Chunk, Order, corrupt};
use super::derived::Derived;
use super::upgrade;
use crate::apply::Floors;
use crate::error::{Error, Result};
use crate::kv::Loader;
use bytes::Bytes;
use std::sync::Arc;

/// The chunks of one [`Partition::export`] on their way in. Dropped before [`Partition::install`], it leaves nothing.
pub struct Import {
    loader: Box<dyn Loader>,
    /// Of the partition it is for.
    identity: Arc<()>,
    order: Order,
    derived: Derived,
}

impl Import {
    /// Takes the next chunk in. Blocks on IO.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the chunk is damaged, not the next one, or of another export; if it is taken from the
    /// network again and is right, the import goes on. After [`Error::Short`] and [`Error::Engine`] another one must begin.
    pub fn put(&mut self, chunk: &Bytes) -> Result<()> {
        let chunk = Chunk::read(chunk)?;
        self.order.expect(&chunk)?;
        let (loader, derived) = (&mut self.loader, &mut self.derived);
        chunk.each_row(|key, value| {
            loader.put(key, value)?;
            derived.see(key, value)
        })?;
        if chunk.last {
            self.loader.end()?;
        }
        self.order.took(&chunk);
        Ok(())
    }

    /// The applied index that it says it is of; known from the first chunk on.
    pub fn applied_index(&self) -> u64 {
        self.order.index
    }

    fn check(&self) -> Result<()> {
        if !self.order.complete {
            return Err(corrupt("chunks are missing"));
        }
        match self.derived.applied.index {
            0 => Err(corrupt("no entry was applied to it")),
            index if index != self.order.index => Err(corrupt("it is not of the entry it says")),
            _ => Ok(()),
        }
    }
}

impl Partition {
    /// Begins to take in all rows of another replica.
    ///
    /// # Errors
    /// [`Error::Short`], [`Error::Io`].
    pub fn import(&self) -> Result<Import> {
        let (loader, identity) = (self.engine.loader()?, Arc::clone(&self.identity));
        Ok(Import { loader, identity, order: Order::default(), derived: Derived::default() })
    }

    /// Replaces all rows by those of an import, which survive a crash when this returns; a crash before leaves the old
    /// ones, and none ever leaves some of both. From then on this replica is as the exporter was: in what it answers, how
    /// far it is, and what it does with the entries that follow. Views that are open keep the old rows. Entries are not
    /// applied meanwhile; a reader may find the new rows a moment before [`Partition::applied`] tells of them. Blocks on IO.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where chunks are missing; [`Error::OutOfOrder`] where more is applied here than there;
    /// [`Error::Short`], [`Error::Io`], [`Error::Engine`]. Nothing has changed then.
    ///
    /// # Panics
    /// Where the import is of another partition.
    pub fn install(&self, import: Import) -> Result<()> {
        assert!(
            Arc::ptr_eq(&self.identity, &import.identity),
            "an import is for the partition that began it"
        );
        import.check()?;
        let mut floors = self.apply.lock();
        let (index, applied) = (import.order.index, self.applied().index);
        if index < applied {
            return Err(Error::OutOfOrder { index, applied });
        }
        import.loader.replace()?;
        // A node of the version before may have sent them.
        upgrade::upgrade(&*self.engine)?;
        self.locks.replace(import.derived.locks);
        *self.applied.write() = import.derived.applied;
        *floors = Floors::default();
        Ok(())
    }
}
