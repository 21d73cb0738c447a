//! What a partition keeps in memory of its rows: how far it is, and the locks of prepared transactions.

use crate::apply;
use crate::error::Result;
use crate::kv::{Direction, Range, Read};
use crate::locks::LockChanges;
use crate::table::{self, Table, Tag, meta};
use crate::version::{AppliedState, Lock};
use bytes::Bytes;
use proto::id::PartitionId;

/// It.
#[derive(Default)]
pub struct Derived {
    pub applied: AppliedState,
    pub locks: LockChanges,
}

impl Derived {
    /// Of all rows.
    pub fn read(read: &(impl Read + ?Sized)) -> Result<Self> {
        let mut derived = Derived::default();
        derived.scan(read, &Range::prefix(vec![Tag::Meta as u8]))?;
        derived.scan(read, &table::Prepared::all())?;
        Ok(derived)
    }

    /// How far the partition is in that view.
    pub fn applied(read: &(impl Read + ?Sized)) -> Result<AppliedState> {
        let mut derived = Derived::default();
        derived.scan(read, &Range::prefix(vec![Tag::Meta as u8]))?;
        Ok(derived.applied)
    }

    fn scan(&mut self, read: &(impl Read + ?Sized), range: &Range) -> Result<()> {
        let mut cursor = read.scan(range, Direction::Ascending)?;
        while cursor.advance()? {
            self.see(cursor.key(), cursor.value())?;
        }
        Ok(())
    }

    /// Takes from a row what is kept of it: of most, nothing.
    pub fn see(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        match key.first().copied().and_then(Tag::from_number) {
            Some(Tag::Meta) => self.see_meta(key, value),
            Some(Tag::Prepared) => self.see_prepared(key, value),
            _ => Ok(()),
        }
    }

    fn see_meta(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        if key == meta::applied_key() {
            let meta::AppliedRow { index, term, time_ms } = table::Applied::decode(value)?;
            (self.applied.index, self.applied.term, self.applied.time_ms) = (index, term, time_ms);
        } else if key == meta::membership_key() {
            self.applied.membership = Bytes::copy_from_slice(table::Membership::decode(value)?);
        }
        Ok(())
    }

    fn see_prepared(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let tenant = table::Prepared::parse(key)?.0;
        let prepare = table::Prepared::decode(value)?;
        // Checked when it was prepared.
        let coordinator = PartitionId(prepare.coordinator_partition as u16);
        let lock = Lock { transaction: prepare.transaction.clone(), coordinator };
        let rows = apply::locked_rows(tenant, &prepare)?;
        self.locks.rows.extend(rows.into_iter().map(|row| (row, Some(lock.clone()))));
        self.locks.prepared += 1;
        Ok(())
    }
}
