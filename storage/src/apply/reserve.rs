//! Orders conditional interactions with the same criteria.

use super::Stage;
use super::stop::{Step, Stop};
use crate::entry::Applied;
use crate::table::reservation;
use proto::log::v1 as log;

/// Takes the criteria for the holder, or prolongs its hold.
pub fn reserve(stage: &mut Stage<'_>, reserve: &log::Reserve) -> Step<Applied> {
    let key = reservation::key(stage.tenant(), &reserve.criteria);
    if let Some(value) = stage.get(&key)? {
        let (expires_ms, holder) = reservation::decode(&value)?;
        if expires_ms > stage.time_ms() && holder != &reserve.holder[..] {
            return Err(Stop::refused(Applied::ReservationHeld { expires_ms }));
        }
    }
    let value = reservation::encode(reserve.expires_ms, &reserve.holder);
    stage.put_expiring(key, value, reserve.expires_ms);
    Ok(Applied::Done)
}
