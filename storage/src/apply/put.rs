//! A new current version: created, updated, deleted, or moved here with its history.

use super::Stage;
use super::decode::{Put, Version};
use super::fence::{self, unlocked};
use super::reindex;
use super::stop::Step;
use crate::entry::{Change, ChangeKind};
use crate::table::resource::Head;
use crate::table::{self, Table, feed, index_values, timeline};
use crate::version::{HistoryPlace, Method, Origin};
use bytes::Bytes;
use proto::id::{ResourceKey, TypeCode};

/// Moves the current version into the history and puts the new one in its place.
pub fn put(stage: &mut Stage<'_>, put: &Put<'_>) -> Step<()> {
    let row = table::Resource::key(stage.tenant(), &put.key);
    unlocked(stage, &row)?;
    // What a transaction prepared before cannot be refused any more: who goes through the rows waits for it.
    if put.version.method != Method::Delete && !stage.finishes() {
        reindex::fence(stage, put.generation)?;
    }
    let old = stage.get(&row)?;
    let head = fence::current(&put.key, put.expected_version, old.as_ref())?;
    if let Some(expected) = put.expected_content {
        fence::content(&put.key, expected, old.as_ref())?;
    }
    if put.unplaced {
        fence::unplaced(stage, &put.key)?;
    }
    if let (Some(head), Some(old)) = (&head, old) {
        stage.put(table::History::key(stage.tenant(), (&put.key, head.version)), old);
    }
    for version in &put.adopted {
        let value = record(stage, &put.key, version);
        stage.put(table::History::key(stage.tenant(), (&put.key, version.version)), value);
    }
    let value = record(stage, &put.key, &put.version);
    stage.put(row, value);
    index(stage, put);
    let existed = head.is_some_and(|head| head.method != Method::Delete);
    recount(stage, put.key.type_code, existed, put.version.method != Method::Delete)?;
    announce(stage, put);
    Ok(())
}

/// Adds a version to the feed and to the histories; returns its row.
fn record(stage: &mut Stage<'_>, key: &ResourceKey, version: &Version<'_>) -> Bytes {
    let at = stage.next_position();
    let kind = if version.method == Method::Delete { feed::Kind::Delete } else { feed::Kind::Put };
    let (number, last_updated_ms) = (version.version, version.last_updated_ms);
    stage.record(&feed::Row { key: *key, version: number, last_updated_ms, kind });
    let place = HistoryPlace { last_updated_ms, type_code: key.type_code, id: key.id, version: number };
    let origin = version.origin.unwrap_or(Origin { partition: None, index: at.index });
    let row = timeline::Row { origin, compartment: key.compartment };
    stage.put(table::Timeline::key(stage.tenant(), &place), table::Timeline::encode(&row));
    let head =
        Head { method: version.method, version: number, last_updated_ms, index: at.index, seq: at.seq };
    table::Resource::encode(&(head, version.body))
}

fn index(stage: &mut Stage<'_>, put: &Put<'_>) {
    let key = table::IndexValues::key(stage.tenant(), &put.key);
    let version = &put.version;
    if version.method == Method::Delete {
        stage.delete(key);
    } else {
        let (index_values, last_updated_ms) = (put.index_values, version.last_updated_ms);
        let row = index_values::Row { version: version.version, last_updated_ms, index_values };
        stage.put(key, table::IndexValues::encode(&row));
    }
}

/// Keeps the count of a type, where a resource of it begins or ceases to exist.
pub fn recount(stage: &mut Stage<'_>, type_code: TypeCode, existed: bool, exists: bool) -> Step<()> {
    if existed == exists {
        return Ok(());
    }
    let key = table::Count::key(stage.tenant(), type_code);
    let counted = stage.get(&key)?.map_or(Ok(0), |value| table::Count::decode(&value))?;
    let corrupt = || table::Count::corrupt("lower than what exists");
    match if exists { counted + 1 } else { counted.checked_sub(1).ok_or_else(corrupt)? } {
        0 => stage.delete(key),
        counted => stage.put(key, table::Count::encode(&counted)),
    }
    Ok(())
}

fn announce(stage: &mut Stage<'_>, put: &Put<'_>) {
    let kind = match put.version.method {
        Method::Delete => ChangeKind::Delete,
        Method::Create | Method::Update => ChangeKind::Put { index_values: put.index_values.clone() },
    };
    stage.announce(Change {
        tenant: stage.tenant(),
        key: put.key,
        version: put.version.version,
        last_updated_ms: put.version.last_updated_ms,
        kind,
    });
}
