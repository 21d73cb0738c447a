//! The deterministic state machine: one file per command, one per mutation. No clock, no randomness, no effects: time
//! comes with the command, what happened goes back as data.

mod decide;
mod decode;
mod drop_tenant;
mod evict;
mod fence;
mod finish;
mod forget;
mod locate;
mod prepare;
mod put;
mod reindex;
mod release;
mod reserve;
mod stage;
mod stop;
mod sweep;
mod time;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use decide::ABORT_RETENTION_MS;
pub use decode::check;
pub(crate) use prepare::rows as locked_rows;
pub(crate) use stage::{Floors, Stage};

use crate::entry::{Applied, Change, Entry, EntryPayload};
use crate::error::Result;
use crate::table::{self, Table, meta};
use decode::Kind;
use proto::log::v1 as log;
use stop::{Step, Stop};

/// Applies one entry to the stage. An error means that nothing of the slice may be written.
pub(crate) fn entry(stage: &mut Stage<'_>, entry: &Entry) -> Result<(Applied, Vec<Change>)> {
    stage.begin(entry.index);
    match &entry.payload {
        EntryPayload::Blank => Ok((Applied::Done, vec![])),
        EntryPayload::Membership(membership) => {
            stage.put(meta::membership_key(), table::Membership::encode(&&membership[..]));
            Ok((Applied::Done, stage.commit()))
        }
        EntryPayload::Command(command) => match run(stage, command) {
            Ok(applied) => Ok((applied, stage.commit())),
            Err(Stop::Refused(applied)) => {
                stage.discard();
                Ok((*applied, vec![]))
            }
            Err(Stop::Failed(error)) => Err(error),
        },
    }
}

fn run(stage: &mut Stage<'_>, command: &log::Command) -> Step<Applied> {
    let kind = decode::command(command)?;
    stage.set_context(command);
    if !matches!(kind, Kind::DropTenant(_)) && stage.is_dropped()? {
        return Err(Stop::refused(Applied::TenantEnded));
    }
    sweep::sweep(stage)?;
    match kind {
        Kind::Write(write) => write::write(stage, write),
        Kind::Prepare(prepare) => prepare::prepare(stage, prepare),
        Kind::Decide(decide) => decide::decide(stage, decide),
        Kind::Finish(finish) => finish::finish(stage, finish),
        Kind::Reserve(reserve) => reserve::reserve(stage, reserve),
        Kind::Release(release) => release::release(stage, release),
        Kind::Forget(forget) => forget::forget(stage, forget),
        Kind::Reindex(message) => reindex::reindex(stage, message),
        Kind::DropTenant(message) => drop_tenant::drop_tenant(stage, message),
    }
}
