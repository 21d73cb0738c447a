//! The decision of a transaction, logged at its coordinator's partition.

use super::stop::{Step, Stop};
use super::{Stage, decode, write};
use crate::entry::Applied;
use crate::table::{self, Table, decision};
use proto::log::v1 as log;

/// How long an abort is kept: 30 days. Nobody needs it but a coordinator that was overtaken and still wants to commit;
/// participants abort what nobody decided. A commit is kept until its participants are known to have finished (Forget).
pub const ABORT_RETENTION_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// The first decision stands. A commit whose own part is refused becomes an abort, and answers with the refusal.
pub fn decide(stage: &mut Stage<'_>, decide: &log::Decide) -> Step<Applied> {
    let key = table::Decision::key(stage.tenant(), &decide.transaction);
    if let Some(value) = stage.get(&key)? {
        return Ok(Applied::Decided { commit: table::Decision::decode(&value)?.commit });
    }
    let outcome = own_part(stage, decide)?;
    let participants = decide.participants.iter().map(|number| decode::partition(*number));
    let participants = participants.collect::<crate::Result<Vec<u16>>>()?;
    let commit = outcome == Applied::Decided { commit: true };
    if commit && !participants.is_empty() {
        let row = decision::Row { commit, expires_ms: decision::NEVER, participants };
        stage.put(key, table::Decision::encode(&row));
        return Ok(outcome);
    }
    let expires_ms = stage.kept_for(ABORT_RETENTION_MS);
    let row = decision::Row { commit, expires_ms, participants };
    stage.put_expiring(key, table::Decision::encode(&row), expires_ms);
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
            Ok(*refused)
        }
    }
}
