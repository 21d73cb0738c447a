//! Rows of a tenant that ended go, some with each entry. The first one says that from then on nothing of it is taken, so nothing comes
//! after what is gone. Nobody is told of each row: who keeps something of a tenant lets go of all of it.

use super::stop::Step;
use super::{Stage, prepare};
use crate::entry::Applied;
use crate::table::{self, Table, Tag};
use proto::id::TenantId;
use proto::log::v1 as log;

/// What may go with one entry.
const ROWS_MAX: u32 = 4096;

/// Removes the first rows behind the key that the command names.
pub fn drop_tenant(stage: &mut Stage<'_>, message: &log::DropTenant) -> Step<Applied> {
    let tenant = stage.tenant();
    stage.put(table::Dropped::key(tenant, ()), table::Dropped::encode(&()));
    stage.forget_dropped();
    let mut left = message.rows_max.min(ROWS_MAX) as usize;
    let (mut rows, mut last) = (0, Vec::new());
    for tag in Tag::ALL.iter().copied().filter(|tag| *tag != Tag::Dropped) {
        let range = tag.of_tenant(tenant).behind(&message.after);
        for (key, value) in stage.first(&range, left, tag == Tag::Prepared)? {
            if tag == Tag::Prepared {
                free(stage, tenant, &value)?;
            }
            last.clone_from(&key);
            stage.delete(key);
            (rows, left) = (rows + 1, left - 1);
        }
        if left == 0 {
            return Ok(Applied::Dropped { rows, last: last.into() });
        }
    }
    Ok(Applied::Dropped { rows, last: Default::default() })
}

/// A transaction that was prepared ends without a word.
fn free(stage: &mut Stage<'_>, tenant: TenantId, value: &[u8]) -> Step<()> {
    let rows = prepare::rows(tenant, &table::Prepared::decode(value)?)?;
    stage.unlock(rows);
    Ok(())
}
