//! What a slice of the log has changed so far and nobody sees yet: one layer for the slice, one for the command in
//! hand, which is dropped when the command is refused.

use super::time;
use crate::entry::Change;
use crate::error::Result;
use crate::kv::{Direction, Engine, Range, Rows};
use crate::locks::{LockChanges, Locks};
use crate::table::{self, Table, feed};
use crate::version::{FeedPosition, Lock};
use bytes::Bytes;
use proto::id::TenantId;
use proto::log::v1 as log;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Below these keys a tenant's expiry queue is empty: where the next sweep starts. Known only in memory; it spares
/// the sweep the tombstones of the earlier ones.
pub type Floors = BTreeMap<TenantId, Vec<u8>>;

/// The state as the command in hand sees it.
pub struct Stage<'p> {
    engine: &'p dyn Engine,
    locks: &'p Locks,
    slice: Layer,
    command: Layer,
    changes: Vec<Change>,
    context: Context,
    /// A Finish passes the locks of its own transaction.
    holder: Option<Bytes>,
    pub(super) floors: Floors,
    /// The least generation that is taken, of the tenant it was looked up for last.
    generation: Cell<Option<(TenantId, u32)>>,
    /// Whether the tenant ended that was looked up last.
    dropped: Cell<Option<(TenantId, bool)>>,
}

#[derive(Default)]
struct Layer {
    rows: Rows,
    locks: LockChanges,
}

#[derive(Clone, Copy)]
struct Context {
    tenant: TenantId,
    /// The partition's.
    time_ms: u64,
    /// The command's.
    command_ms: u64,
    next: FeedPosition,
}

impl<'p> Stage<'p> {
    /// Nothing changed yet; `time_ms` is the partition's time.
    pub fn new(engine: &'p dyn Engine, locks: &'p Locks, floors: Floors, time_ms: u64) -> Self {
        let next = FeedPosition { index: 0, seq: 0 };
        let context = Context { tenant: TenantId(0), time_ms, command_ms: 0, next };
        let (slice, command) = Default::default();
        Stage {
            engine,
            locks,
            slice,
            command,
            changes: vec![],
            context,
            holder: None,
            floors,
            generation: Cell::default(),
            dropped: Cell::default(),
        }
    }

    /// Everything the slice changed.
    pub fn finish(self) -> (Rows, LockChanges, Floors) {
        (self.slice.rows, self.slice.locks, self.floors)
    }

    /// Starts an entry.
    pub fn begin(&mut self, index: u64) {
        self.context.next = FeedPosition { index, seq: 0 };
        self.holder = None;
    }

    /// Takes tenant and time from the command; the partition's time follows.
    pub fn set_context(&mut self, command: &log::Command) {
        self.context.tenant = TenantId(command.tenant);
        self.context.command_ms = command.time_ms;
        self.context.time_ms = time::advance(self.context.time_ms, command.time_ms);
    }

    /// Lets the locks of a transaction pass.
    pub fn set_holder(&mut self, transaction: Bytes) {
        self.holder = Some(transaction);
    }

    /// Whether the command finishes a transaction that was prepared.
    pub fn finishes(&self) -> bool {
        self.holder.is_some()
    }

    /// The least generation of search parameters whose index values are taken.
    pub fn generation(&self) -> Result<u32> {
        let tenant = self.context.tenant;
        if let Some((known, least)) = self.generation.get()
            && known == tenant
        {
            return Ok(least);
        }
        let row = self.get(&table::Generation::key(tenant, ()))?;
        let least = row.map_or(Ok(0), |value| table::Generation::decode(&value).map(|row| row.least))?;
        self.generation.set(Some((tenant, least)));
        Ok(least)
    }

    /// To be called where that changes.
    pub fn forget_generation(&self) {
        self.generation.set(None);
    }

    /// Whether the tenant of the command ended.
    pub fn is_dropped(&self) -> Result<bool> {
        let tenant = self.context.tenant;
        // Every command asks, and nearly every one is of this tenant.
        if tenant == TenantId::DEFAULT {
            return Ok(false);
        }
        if let Some((known, is_dropped)) = self.dropped.get()
            && known == tenant
        {
            return Ok(is_dropped);
        }
        let is_dropped = self.get(&table::Dropped::key(tenant, ()))?.is_some();
        self.dropped.set(Some((tenant, is_dropped)));
        Ok(is_dropped)
    }

    /// To be called where that changes.
    pub fn forget_dropped(&self) {
        self.dropped.set(None);
    }

    /// The tenant of the command.
    pub fn tenant(&self) -> TenantId {
        self.context.tenant
    }

    /// The partition's time, by which rows expire.
    pub fn time_ms(&self) -> u64 {
        self.context.time_ms
    }

    /// When a row expires that the command wants kept until `expires_ms` on its own clock. Late rather than early: for
    /// what must be there as long as it was promised.
    pub fn lasting(&self, expires_ms: u64) -> u64 {
        let from = self.context.time_ms.max(self.context.command_ms);
        from.saturating_add(expires_ms.saturating_sub(self.context.command_ms))
    }

    /// When a row expires that is to be kept so long from now on.
    pub fn kept_for(&self, kept_ms: u64) -> u64 {
        self.lasting(self.context.command_ms.saturating_add(kept_ms))
    }

    /// As [`Stage::lasting`], but early rather than late: for what others wait for, and what is safe to lose.
    pub fn passing(&self, expires_ms: u64) -> u64 {
        self.context.time_ms.saturating_add(expires_ms.saturating_sub(self.context.command_ms))
    }

    /// The log index of the entry.
    pub fn index(&self) -> u64 {
        self.context.next.index
    }

    /// The command succeeded: the slice takes over what it did.
    pub fn commit(&mut self) -> Vec<Change> {
        self.keep();
        std::mem::take(&mut self.changes)
    }

    /// What was done so far stays, even if the rest of the command is refused.
    pub fn keep(&mut self) {
        if self.slice.rows.is_empty() {
            std::mem::swap(&mut self.slice.rows, &mut self.command.rows);
        }
        self.slice.rows.extend(std::mem::take(&mut self.command.rows));
        self.slice.locks.extend(std::mem::take(&mut self.command.locks));
    }

    /// The command was refused, or was only a rehearsal.
    pub fn discard(&mut self) {
        self.command = Layer::default();
        self.forget_generation();
        self.changes.clear();
        self.context.next.seq = 0;
    }

    /// The row's value as of now.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        for layer in [&self.command, &self.slice] {
            if let Some(value) = layer.rows.get(key) {
                return Ok(value.clone());
            }
        }
        self.engine.get(key)
    }

    /// Sets a row.
    pub fn put(&mut self, key: Vec<u8>, value: Bytes) {
        self.command.rows.insert(key, Some(value));
    }

    /// Removes a row.
    pub fn delete(&mut self, key: Vec<u8>) {
        self.command.rows.insert(key, None);
    }

    /// The first `limit` rows of a range as of now.
    pub fn scan(&self, range: &Range, limit: usize) -> Result<Vec<(Vec<u8>, Bytes)>> {
        self.first(range, limit, true)
    }

    /// The same; values are empty where they are not wanted.
    pub fn first(&self, range: &Range, limit: usize, with_values: bool) -> Result<Vec<(Vec<u8>, Bytes)>> {
        if range.lower >= range.upper {
            return Ok(vec![]);
        }
        let bounds = || range.lower.clone()..range.upper.clone();
        let mut changed: BTreeMap<&Vec<u8>, &Option<Bytes>> = self.slice.rows.range(bounds()).collect();
        changed.extend(self.command.rows.range(bounds()));
        let mut changed = changed.into_iter().peekable();
        let mut stored = self.engine.scan(range, Direction::Ascending)?;
        let mut rows = vec![];
        let mut more = stored.advance()?;
        while rows.len() < limit {
            let from_stage = changed.peek().filter(|(key, _)| !more || key.as_slice() <= stored.key());
            let Some((key, value)) = from_stage.copied() else {
                if !more {
                    break;
                }
                let value = if with_values { Bytes::copy_from_slice(stored.value()) } else { Bytes::new() };
                rows.push((stored.key().to_vec(), value));
                more = stored.advance()?;
                continue;
            };
            if more && key.as_slice() == stored.key() {
                more = stored.advance()?;
            }
            changed.next();
            rows.extend(value.clone().map(|value| (key.clone(), value)));
        }
        Ok(rows)
    }

    /// Sets a row that expires, and queues its expiry.
    pub fn put_expiring(&mut self, key: Vec<u8>, value: Bytes, expires_ms: u64) {
        let queued = table::Expiry::key(self.tenant(), (expires_ms, &key));
        if let Some(floor) = self.floors.get_mut(&self.context.tenant)
            && queued < *floor
        {
            floor.clone_from(&queued);
        }
        self.put(queued, Bytes::new());
        self.put(key, value);
    }

    /// The lock on a row, other than the holder's own.
    pub fn lock_of(&self, row: &[u8]) -> Option<Lock> {
        let staged = [&self.command, &self.slice].into_iter().find_map(|layer| layer.locks.of(row));
        let lock = staged.cloned().unwrap_or_else(|| self.locks.of(row))?;
        (self.holder.as_ref() != Some(&lock.transaction)).then_some(lock)
    }

    /// Locks rows for a transaction that was just prepared.
    pub fn lock(&mut self, rows: Vec<Vec<u8>>, lock: &Lock) {
        self.command.locks.prepared += 1;
        self.command.locks.rows.extend(rows.into_iter().map(|row| (row, Some(lock.clone()))));
    }

    /// Frees the rows of a transaction that is finished.
    pub fn unlock(&mut self, rows: Vec<Vec<u8>>) {
        self.command.locks.prepared -= 1;
        self.command.locks.rows.extend(rows.into_iter().map(|row| (row, None)));
    }

    /// The place of the next row of the feed.
    pub fn next_position(&self) -> FeedPosition {
        self.context.next
    }

    /// Adds a row to the feed.
    pub fn record(&mut self, row: &feed::Row) {
        let at = self.context.next;
        self.context.next.seq += 1;
        self.put(table::Feed::key(self.context.tenant, at), table::Feed::encode(row));
    }

    /// Tells the search tail about a current row.
    pub fn announce(&mut self, change: Change) {
        self.changes.push(change);
    }
}
