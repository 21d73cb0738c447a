//! Gives reserved criteria back.

use super::Stage;
use super::fence::unlocked;
use super::stop::{Step, Stop};
use crate::entry::Applied;
use crate::table::{self, Table};
use proto::log::v1 as log;

/// Frees the criteria if the holder still has them; otherwise there is nothing to do.
pub fn release(stage: &mut Stage<'_>, release: &log::Release) -> Step<Applied> {
    let key = table::Reservation::key(stage.tenant(), &release.criteria);
    if let Some(expires_ms) = held_until(stage, &key, &release.holder)? {
        stage.delete(table::Expiry::key(stage.tenant(), (expires_ms, &key)));
        stage.delete(key);
    }
    Ok(Applied::Done)
}

/// Refuses where the criteria are not the holder's, or no longer. A hold that is over by time counts while nobody else
/// took the criteria: whoever decides on them takes them first.
pub fn fence(stage: &Stage<'_>, release: &log::Release) -> Step<()> {
    let key = table::Reservation::key(stage.tenant(), &release.criteria);
    unlocked(stage, &key)?;
    match held_until(stage, &key, &release.holder)? {
        Some(_) => Ok(()),
        None => Err(Stop::refused(Applied::ReservationLost { criteria: release.criteria.clone() })),
    }
}

fn held_until(stage: &Stage<'_>, key: &[u8], wanted: &[u8]) -> Step<Option<u64>> {
    let Some(value) = stage.get(key)? else { return Ok(None) };
    let (expires_ms, holder) = table::Reservation::decode(&value)?;
    Ok((holder == wanted).then_some(expires_ms))
}
