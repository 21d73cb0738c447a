//! Decisions that nobody will ask for again.

use super::Stage;
use super::stop::Step;
use crate::entry::Applied;
use crate::table::{self, Table};
use proto::log::v1 as log;

/// Removes the decisions; those that are gone already are none.
pub fn forget(stage: &mut Stage<'_>, forget: &log::Forget) -> Step<Applied> {
    for transaction in &forget.transactions {
        let key = table::Decision::key(stage.tenant(), transaction);
        if let Some(value) = stage.get(&key)? {
            let expires_ms = table::Decision::decode(&value)?.expires_ms;
            stage.delete(table::Expiry::key(stage.tenant(), (expires_ms, &key)));
            stage.delete(key);
        }
    }
    Ok(Applied::Done)
}
