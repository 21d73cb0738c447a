//! Gives reserved criteria back.

use super::Stage;
use super::stop::Step;
use crate::entry::Applied;
use crate::table::{expiry, reservation};
use proto::log::v1 as log;

/// Frees the criteria if the holder still has them; otherwise there is nothing to do.
pub fn release(stage: &mut Stage<'_>, release: &log::Release) -> Step<Applied> {
    let key = reservation::key(stage.tenant(), &release.criteria);
    if let Some(value) = stage.get(&key)? {
        let (expires_ms, holder) = reservation::decode(&value)?;
        if holder == &release.holder[..] {
            stage.delete(expiry::key(stage.tenant(), expires_ms, &key));
            stage.delete(key);
        }
    }
    Ok(Applied::Done)
}
