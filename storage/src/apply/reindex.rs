//! Index values of another generation of search parameters, for rows that were there before. No version is made, so nothing that
//! rests on one is touched: locks do not matter.

use super::Stage;
use super::decode;
use super::stop::{Step, Stop};
use crate::entry::{Applied, Change, ChangeKind};
use crate::table::{self, Table, feed, generation, index_values};
use proto::log::v1 as log;

/// From now on older values are refused; then gives each row its values, where its version is still the current one.
pub fn reindex(stage: &mut Stage<'_>, message: &log::Reindex) -> Step<Applied> {
    let least = stage.generation()?;
    fence(stage, message.generation)?;
    if message.generation > least {
        let row = generation::Row { least: message.generation };
        stage.put(table::Generation::key(stage.tenant(), ()), table::Generation::encode(&row));
        stage.forget_generation();
    }
    for row in &message.rows {
        values(stage, row)?;
    }
    Ok(Applied::Done)
}

/// Refuses values of an older generation than the partition takes.
pub fn fence(stage: &mut Stage<'_>, generation: u32) -> Step<()> {
    let least = stage.generation()?;
    match generation < least {
        true => Err(Stop::refused(Applied::Outdated { generation: least })),
        false => Ok(()),
    }
}

fn values(stage: &mut Stage<'_>, message: &log::Reindexed) -> Step<()> {
    let (tenant, key) = (stage.tenant(), decode::reindexed(message)?);
    let at = table::IndexValues::key(tenant, &key);
    let Some(old) = stage.get(&at)? else { return Ok(()) };
    let index_values::Row { version, last_updated_ms, .. } = table::IndexValues::decode(&old)?;
    if version != message.version {
        return Ok(());
    }
    let row = index_values::Row { version, last_updated_ms, index_values: &message.index_values };
    stage.put(at, table::IndexValues::encode(&row));
    stage.record(&feed::Row { key, version, last_updated_ms, kind: feed::Kind::Reindex });
    let kind = ChangeKind::Reindex { index_values: message.index_values.clone() };
    stage.announce(Change { tenant, key, version, last_updated_ms, kind });
    Ok(())
}
