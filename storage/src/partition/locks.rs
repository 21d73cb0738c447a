//! The locks of a partition that opens.

use crate::apply;
use crate::error::Result;
use crate::kv::{Direction, Read};
use crate::locks::{LockChanges, Locks};
use crate::table::{self, Table};
use crate::version::Lock;
use proto::id::PartitionId;

/// From the prepared table.
pub fn rebuild(read: &(impl Read + ?Sized)) -> Result<Locks> {
    let mut changes = LockChanges::default();
    let mut cursor = read.scan(&table::Prepared::all(), Direction::Ascending)?;
    while cursor.advance()? {
        let tenant = table::Prepared::parse(cursor.key())?.0;
        let prepare = table::Prepared::decode(cursor.value())?;
        // Checked when it was prepared.
        let coordinator = PartitionId(prepare.coordinator_partition as u16);
        let lock = Lock { transaction: prepare.transaction.clone(), coordinator };
        let rows = apply::locked_rows(tenant, &prepare)?;
        changes.rows.extend(rows.into_iter().map(|row| (row, Some(lock.clone()))));
        changes.prepared += 1;
    }
    let locks = Locks::default();
    locks.change(changes);
    Ok(locks)
}
