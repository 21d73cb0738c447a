//! Removes expired rows, a bounded number at a time. Which entries sweep depends on the log index alone, so replicas
//! agree whatever slices they apply.

use super::Stage;
use super::stop::Step;
use crate::table::{self, Table};

/// Every so many entries one sweeps.
const ENTRIES: u64 = 16;
/// At most so many rows: four times what as many entries can add, so the queue shrinks under full load.
const ROWS_MAX: usize = 64;

/// Removes what has expired at the command's time, if it is this entry's turn.
pub fn sweep(stage: &mut Stage<'_>) -> Step<()> {
    if !stage.index().is_multiple_of(ENTRIES) {
        return Ok(());
    }
    let mut due = table::Expiry::due(stage.tenant(), stage.time_ms());
    if let Some(floor) = stage.floors.get(&stage.tenant()) {
        due = due.from(floor.clone());
    }
    let queued = stage.scan(&due, ROWS_MAX)?;
    let swept = queued.len();
    for (key, _) in queued {
        let row = table::Expiry::parse(&key)?.1.1;
        if let Some(value) = stage.get(&row)?
            && table::Expiry::of_row(&row, &value)? <= stage.time_ms()
        {
            stage.delete(row);
        }
        due.lower.clone_from(&key);
        stage.delete(key);
    }
    let floor = if swept < ROWS_MAX { due.lower.max(due.upper) } else { due.lower };
    stage.floors.insert(stage.tenant(), floor);
    stage.keep();
    Ok(())
}
