//! Orders conditional interactions with the same criteria.

use super::Stage;
use super::fence::unlocked;
use super::stop::{Step, Stop};
use crate::entry::Applied;
use crate::table::{self, Table};
use crate::token::Token;
use bytes::Bytes;
use proto::log::v1 as log;

/// Takes the criteria for the holder, or prolongs its hold. What a transaction rests on is not given away.
pub fn reserve(stage: &mut Stage<'_>, reserve: &log::Reserve) -> Step<Applied> {
    let key = table::Reservation::key(stage.tenant(), &reserve.criteria);
    unlocked(stage, &key)?;
    if let Some(value) = stage.get(&key)? {
        let (expires_ms, holder) = table::Reservation::decode(&value)?;
        let mine = holder == &reserve.holder[..] || Token::is_of_earlier_life(holder, &reserve.holder);
        if expires_ms > stage.time_ms() && !mine {
            let holder = Bytes::copy_from_slice(holder);
            return Err(Stop::refused(Applied::ReservationHeld { expires_ms, holder }));
        }
    }
    let expires_ms = stage.passing(reserve.expires_ms);
    stage.put_expiring(key, table::Reservation::encode(&(expires_ms, &reserve.holder)), expires_ms);
    Ok(Applied::Done)
}
