//! Phase one at a participant.

use super::stop::{Step, Stop};
use super::{Stage, decode, release, write};
use crate::entry::Applied;
use crate::table::{self, Table};
use crate::version::Lock;
use proto::id::{PartitionId, TenantId};
use proto::log::v1 as log;

/// Rehearses the mutations, so that Finish cannot fail; then keeps the record and locks what it will write.
pub fn prepare(stage: &mut Stage<'_>, prepare: &log::Prepare) -> Step<Applied> {
    let record = table::Prepared::key(stage.tenant(), &prepare.transaction);
    if stage.get(&record)?.is_some() {
        return Ok(Applied::Done);
    }
    for message in &prepare.releases {
        decode::release(message)?;
        release::fence(stage, message)?;
    }
    write::mutations(stage, &prepare.mutations)?;
    stage.discard();
    let coordinator = PartitionId(decode::partition(prepare.coordinator_partition)?);
    let lock = Lock { transaction: prepare.transaction.clone(), coordinator };
    let rows = rows(stage.tenant(), prepare)?;
    stage.lock(rows, &lock);
    stage.put(record, table::Prepared::encode(prepare));
    Ok(Applied::Done)
}

/// The rows a prepared transaction locks: those it writes, and the reservations it rests on.
pub fn rows(tenant: TenantId, prepare: &log::Prepare) -> crate::Result<Vec<Vec<u8>>> {
    let mut rows = write::rows(tenant, &prepare.mutations)?;
    rows.extend(prepare.releases.iter().map(|release| table::Reservation::key(tenant, &release.criteria)));
    Ok(rows)
}

impl Stop {
    /// A prepared transaction was rehearsed and its rows were locked since: nothing can refuse it now.
    pub(super) fn impossible(self) -> Self {
        match self {
            Stop::Failed(error) => Stop::Failed(error),
            Stop::Refused(_) => Stop::Failed(table::Prepared::corrupt("cannot be applied any more")),
        }
    }
}
