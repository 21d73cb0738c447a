//! Phase two at a participant.

use super::stop::{Step, Stop};
use super::{Stage, prepare, release, write};
use crate::entry::Applied;
use crate::table::{self, Table};
use proto::log::v1 as log;

/// Applies or drops the prepared record and frees its locks. Without a record it was finished before, or never
/// prepared: done.
pub fn finish(stage: &mut Stage<'_>, finish: &log::Finish) -> Step<Applied> {
    let record = table::Prepared::key(stage.tenant(), &finish.transaction);
    let Some(value) = stage.get(&record)? else { return Ok(Applied::Done) };
    let prepare = table::Prepared::decode(&value)?;
    if finish.commit {
        stage.set_holder(finish.transaction.clone());
        write::mutations(stage, &prepare.mutations).map_err(Stop::impossible)?;
        // One that expired meanwhile may be swept, but is nobody else's: it was locked.
        for message in &prepare.releases {
            release::release(stage, message)?;
        }
    }
    let rows = prepare::rows(stage.tenant(), &prepare)?;
    stage.unlock(rows);
    stage.delete(record);
    Ok(Applied::Done)
}
