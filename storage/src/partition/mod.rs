//! One slice of the key space: what is read from it, and the one way to change it.

mod chunk;
mod derived;
mod export;
mod feed;
mod history;
mod import;
mod read;
mod scan;
mod tally;
mod upgrade;

#[cfg(test)]
mod tests;

pub use feed::Feed;
pub use history::{Histories, Listed, Places};
pub use import::Import;
pub use scan::{IndexRows, Versions};
pub use tally::Tally;

use crate::apply::{self, Floors, Stage};
use crate::entry::{Applied, Change, Entry, EntryPayload};
use crate::error::{Error, Result};
use crate::kv::{Engine, Read, Stall};
use crate::locks::{LockChanges, Locks};
use crate::table::meta::{self, AppliedRow};
use crate::table::{self, Table};
use crate::version::AppliedState;
use derived::Derived;
use parking_lot::{Mutex, RwLock};
use std::sync::Arc;

/// One partition. All methods may be called from any thread; reads neither block writes nor wait for them.
pub struct Partition {
    engine: Box<dyn Engine>,
    locks: Locks,
    applied: RwLock<AppliedState>,
    /// Held while a slice is applied.
    apply: Mutex<Floors>,
    /// By which an import knows whose it is.
    identity: Arc<()>,
}

impl Partition {
    /// Brings rows of older binaries up to date, reads the applied state and rebuilds the locks.
    pub fn open(engine: Box<dyn Engine>) -> Result<Self> {
        upgrade::upgrade(&*engine)?;
        let Derived { applied, locks: changes } = Derived::read(&*engine)?;
        let locks = Locks::default();
        locks.change(changes);
        let (applied, apply, identity) = (RwLock::new(applied), Mutex::default(), Arc::default());
        Ok(Partition { engine, locks, applied, apply, identity })
    }

    /// Applies committed entries in order and writes them in one batch. Returns, for each, what became of it and which
    /// current rows changed. Readers see the batch, whole, when this returns. Blocks while the engine is behind with
    /// its own disk writes, which can be seconds on a slow disk.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] where an index is not greater than the one before; [`Error::Short`], [`Error::Engine`],
    /// [`Error::Corrupt`]. Nothing of the slice is written then, and it may be applied again.
    pub fn apply(&self, entries: &[Entry]) -> Result<Vec<(Applied, Vec<Change>)>> {
        self.apply_or(entries, Stall::Wait)
    }

    /// The same without waiting for the engine: [`Error::Busy`] then, and nothing of the slice is written.
    pub fn try_apply(&self, entries: &[Entry]) -> Result<Vec<(Applied, Vec<Change>)>> {
        self.apply_or(entries, Stall::Refuse)
    }

    fn apply_or(&self, entries: &[Entry], stall: Stall) -> Result<Vec<(Applied, Vec<Change>)>> {
        let mut floors = self.apply.lock();
        let mut state = self.applied();
        let mut stage = Stage::new(&*self.engine, &self.locks, floors.clone(), state.time_ms);
        let mut outcomes = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.index <= state.index {
                return Err(Error::OutOfOrder { index: entry.index, applied: state.index });
            }
            outcomes.push(apply::entry(&mut stage, entry)?);
            (state.index, state.term) = (entry.index, entry.term);
            if let EntryPayload::Membership(membership) = &entry.payload {
                state.membership = membership.clone();
            }
        }
        state.time_ms = stage.time_ms();
        let (mut rows, locks, new_floors) = stage.finish();
        if !entries.is_empty() {
            let AppliedState { index, term, time_ms, .. } = state;
            rows.insert(
                meta::applied_key(),
                Some(table::Applied::encode(&AppliedRow { index, term, time_ms })),
            );
            self.engine.write(&rows, stall)?;
        }
        // Locks change after the rows: who finds a row unlocked finds what the transaction wrote.
        self.locks.change(locks);
        *self.applied.write() = state;
        *floors = new_floors;
        Ok(outcomes)
    }

    /// How far this replica is.
    pub fn applied(&self) -> AppliedState {
        self.applied.read().clone()
    }

    /// The applied index a crash at this moment would leave: the log must be kept from the next entry on.
    pub fn durable_index(&self) -> Result<u64> {
        let row = self.engine.durable(&meta::applied_key())?;
        row.map_or(Ok(0), |value| table::Applied::decode(&value).map(|row| row.index))
    }

    /// Writes everything applied so far to disk; afterwards `durable_index` has caught up. Blocks on IO.
    pub fn flush(&self) -> Result<()> {
        self.engine.flush()
    }

    /// Drops all rows, as if nothing had ever been applied; durable when it returns. A crash before leaves all of them. Views that
    /// are open keep them. Blocks on IO.
    ///
    /// # Errors
    /// [`Error::Short`], [`Error::Engine`]. It is to be cleared again then, and used for nothing else before.
    pub fn clear(&self) -> Result<()> {
        let mut floors = self.apply.lock();
        self.engine.clear()?;
        self.locks.replace(LockChanges::default());
        *self.applied.write() = AppliedState::default();
        *floors = Floors::default();
        Ok(())
    }

    /// A checksum over all rows: equal on replicas that applied the same entries. Reads everything.
    pub fn digest(&self) -> Result<u32> {
        let mut digest = 0;
        self.each_row(&mut |key, value| {
            for part in
                [&(key.len() as u64).to_be_bytes()[..], key, &(value.len() as u64).to_be_bytes(), value]
            {
                digest = crc32c::crc32c_append(digest, part);
            }
        })?;
        Ok(digest)
    }

    /// Shows every row in key order.
    pub(crate) fn each_row(&self, see: &mut dyn FnMut(&[u8], &[u8])) -> Result<()> {
        let mut cursor = self.engine.sweep()?;
        while cursor.advance()? {
            see(cursor.key(), cursor.value());
        }
        Ok(())
    }
}

/// Decodes a row in place.
fn get_as<T>(
    read: &(impl Read + ?Sized),
    key: &[u8],
    decode: impl Fn(&[u8]) -> Result<T>,
) -> Result<Option<T>> {
    let mut row = None;
    read.visit(key, &mut |value| row = Some(decode(value)))?;
    row.transpose()
}
