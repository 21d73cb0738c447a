//! The decision of a transaction, logged at its coordinator's partition.

use super::stop::{Step, Stop};
use super::{Stage, decode, write};
use crate::entry::Applied;
use crate::table::decision;
use proto::log::v1 as log;

/// How long a decision is kept: 30 days. A participant that does not ask for so long (its whole group was down) must
/// be restored from a backup together with the coordinator.
pub const DECISION_RETENTION_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// The first decision stands. A commit whose own part is refused becomes an abort.
pub fn decide(stage: &mut Stage<'_>, decide: &log::Decide) -> Step<Applied> {
    let key = decision::key(stage.tenant(), &decide.transaction);
    if let Some(value) = stage.get(&key)? {
        return Ok(Applied::Decided { commit: decision::Row::decode(&value)?.commit });
    }
    let outcome = own_part(stage, decide)?;
    let expires_ms = stage.time_ms().saturating_add(DECISION_RETENTION_MS);
    let participants = decide.participants.iter().map(|number| decode::partition(*number));
    let participants = participants.collect::<crate::Result<_>>()?;
    let commit = outcome == Applied::Decided { commit: true };
    stage.put_expiring(key, decision::Row { commit, expires_ms, participants }.encode(), expires_ms);
    Ok(outcome)
}

fn own_part(stage: &mut Stage<'_>, decide: &log::Decide) -> Step<Applied> {
    let commit = decide.commit;
    let Some(own) = decide.write.as_ref().filter(|_| commit) else { return Ok(Applied::Decided { commit }) };
    match write::write(stage, own) {
        Ok(_) => Ok(Applied::Decided { commit }),
        Err(Stop::Failed(error)) => Err(Stop::Failed(error)),
        Err(Stop::Refused(refused)) => {
            stage.discard();
            match *refused {
                // The repeated transaction committed before, under another id: this one must let go.
                seen @ (Applied::Duplicate { .. } | Applied::KeyTaken) => Ok(seen),
                _ => Ok(Applied::Decided { commit: false }),
            }
        }
    }
}
