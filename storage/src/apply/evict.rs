//! The resource moved to another compartment: all its rows here go, its places in the histories too. One feed row
//! stays, so that a search index that replays the feed learns of it.

use super::Stage;
use super::decode::Evict;
use super::fence::{self, unlocked};
use super::put::recount;
use super::stop::Step;
use crate::entry::{Change, ChangeKind};
use crate::table::resource::Head;
use crate::table::{self, Table, feed};
use crate::version::{FeedPosition, HistoryPlace, Method};

/// Removes everything of the resource.
pub fn evict(stage: &mut Stage<'_>, evict: &Evict) -> Step<()> {
    let tenant = stage.tenant();
    let row = table::Resource::key(tenant, &evict.key);
    unlocked(stage, &row)?;
    let value = stage.get(&row)?;
    let Some(head) = fence::current(&evict.key, evict.expected_version, value.as_ref())? else {
        return Ok(());
    };
    forget(stage, evict, &head)?;
    stage.delete(row);
    stage.delete(table::IndexValues::key(tenant, &evict.key));
    // As many as the resource has versions; they all went through this command's sibling as `adopted`.
    for (key, value) in stage.scan(&table::History::of_resource(tenant, &evict.key), usize::MAX)? {
        forget(stage, evict, &table::Resource::decode(&value)?.0)?;
        stage.delete(key);
    }
    recount(stage, evict.key.type_code, head.method != Method::Delete, false)?;
    let (version, last_updated_ms) = (head.version, head.last_updated_ms);
    stage.record(&feed::Row { key: evict.key, version, last_updated_ms, kind: feed::Kind::Evict });
    stage.announce(Change { tenant, key: evict.key, version, last_updated_ms, kind: ChangeKind::Evict });
    Ok(())
}

/// Takes one version out of the feed and the histories.
fn forget(stage: &mut Stage<'_>, evict: &Evict, head: &Head) -> Step<()> {
    let at = FeedPosition { index: head.index, seq: head.seq };
    stage.delete(table::Feed::key(stage.tenant(), at));
    let (last_updated_ms, version) = (head.last_updated_ms, head.version);
    let place = HistoryPlace { last_updated_ms, type_code: evict.key.type_code, id: evict.key.id, version };
    let row = table::Timeline::key(stage.tenant(), &place);
    let listed = stage.get(&row)?.map(|value| table::Timeline::decode(&value)).transpose()?;
    // A resource that moves inside the partition may have taken its places along already.
    if listed.is_some_and(|listed| listed.compartment == evict.key.compartment) {
        stage.delete(row);
    }
    Ok(())
}
