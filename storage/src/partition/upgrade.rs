//! Rows of older binaries become today's when a partition is opened.

use crate::error::Result;
use crate::kv::{Direction, Engine, Rows, Stall};
use crate::table::{self, Table, feed, timeline};
use crate::version::{HistoryPlace, Origin};

/// Rows of one batch.
const BATCH: usize = 4096;

/// Moves what is left of the type history into the timeline, batch by batch: a crash in between leaves some rows moved
/// and the others for the next time.
pub fn upgrade(engine: &dyn Engine) -> Result<()> {
    let mut range = table::TypeHistory::all();
    let mut moved = 0_usize;
    loop {
        let mut rows = Rows::new();
        let mut last = None;
        let mut cursor = engine.scan(&range, Direction::Ascending)?;
        while rows.len() < 2 * BATCH && cursor.advance()? {
            let (key, value) = timeline_row(cursor.key(), cursor.value())?;
            rows.insert(key, Some(value));
            rows.insert(cursor.key().to_vec(), None);
            last = Some(cursor.key().to_vec());
        }
        drop(cursor);
        let Some(last) = last else { break };
        if moved == 0 {
            tracing::info!("histories of an older version are put in order of time; this is done once");
        }
        moved += rows.len() / 2;
        engine.write(&rows, Stall::Wait)?;
        // Not from the start again: what is removed has to be stepped over until it is compacted.
        range = range.from(last);
    }
    if moved > 0 {
        tracing::info!(versions = moved, "histories are in order of time");
    }
    Ok(())
}

fn timeline_row(key: &[u8], value: &[u8]) -> Result<(Vec<u8>, bytes::Bytes)> {
    let (tenant, (_, at)) = table::TypeHistory::parse(key)?;
    let feed::Row { key, version, last_updated_ms, .. } = table::Feed::decode(value)?;
    let place = HistoryPlace { last_updated_ms, type_code: key.type_code, id: key.id, version };
    let row =
        timeline::Row { origin: Origin { partition: None, index: at.index }, compartment: key.compartment };
    Ok((table::Timeline::key(tenant, &place), table::Timeline::encode(&row)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::tests::fixture::*;
    use crate::kv::Read;
    use crate::version::FeedPosition;
    use proto::id::TypeCode;

    /// As the binaries before the timeline wrote it, byte by byte.
    fn old_key(type_code: TypeCode, index: u64, seq: u32) -> Vec<u8> {
        let key = table::TypeHistory::key(TENANT, (type_code, FeedPosition { index, seq }));
        let tenant = TENANT.0.to_be_bytes();
        let numbers = [&type_code.0.to_be_bytes()[..], &index.to_be_bytes(), &seq.to_be_bytes()].concat();
        assert_eq!(key, [&[6_u8][..], &tenant, &numbers].concat());
        key
    }

    #[test]
    fn what_an_older_binary_wrote_is_listed_in_order_of_time() {
        let mut f = Fixture::new();
        let (o, patient) = (observation("x", "o"), compartment("x").own());
        f.apply(write([put(patient, 0), put(o, 0)]));
        f.apply(write([put(o, 1)]));
        let (before, engine) = (f.history(), f.disk.partition(proto::id::PartitionId(1)));
        let mut old = Rows::new();
        for (key, index, seq) in [(patient, 1, 0), (o, 1, 1), (o, 2, 0)] {
            let version = index;
            let last_updated_ms = 1_000 + version;
            let place = HistoryPlace { last_updated_ms, type_code: key.type_code, id: key.id, version };
            let row = table::Timeline::key(TENANT, &place);
            assert!(engine.get(&row).unwrap().is_some());
            old.insert(row, None);
            let feed_row = feed::Row { key, version, last_updated_ms, kind: feed::Kind::Put };
            old.insert(old_key(key.type_code, index, seq), Some(table::Feed::encode(&feed_row)));
        }
        engine.write(&old, Stall::Wait).unwrap();
        f.reopen();
        assert_eq!(before.len(), 3);
        assert_eq!(f.history(), before);
        let mut left = engine.scan(&table::TypeHistory::all(), Direction::Ascending).unwrap();
        assert!(!left.advance().unwrap());
    }
}
