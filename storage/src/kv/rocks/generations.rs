//! The column families that have a partition's rows, one after the other: `p1`, `p1.1`, `p1.2`, …
//!
//! Rows are replaced as a whole by a new column family, which gets all of its rows in one step that is atomic and durable;
//! then the one before is dropped. So the newest that has rows is the current one, whenever a crash falls: an older one
//! was not dropped any more, a newer one not filled. What has rows keeps some for ever, a partition's applied row, unless the
//! partition is cleared: then all others go before an empty one counts.

use super::engine;
use crate::error::Result;
use parking_lot::{Mutex, RwLock};
use rocksdb::DB;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The column family that has the rows now.
pub struct Current {
    name: RwLock<String>,
    /// Held while another takes its place: the number that was tried last.
    pub replacing: Mutex<u64>,
}

impl Current {
    /// That one.
    pub fn new(name: String) -> Self {
        Current { name: RwLock::new(name), replacing: Mutex::default() }
    }

    /// Its name, which may be another's soon.
    pub fn name(&self) -> String {
        self.name.read().clone()
    }

    /// Looks it up by its name, which stays its own until `look_up` is done: so it is not dropped before.
    pub fn look_up<T>(&self, look_up: impl FnOnce(&str) -> T) -> T {
        look_up(&self.name.read())
    }

    /// From now on the rows are in that one.
    pub fn set(&self, name: String) {
        *self.name.write() = name;
    }
}

/// A name for the rows that take the place of those of `name`; of no column family that there is, and none that was tried: one
/// whose making failed may be there, unknown to us until the next start.
pub fn next(db: &DB, name: &str, tried: &mut u64) -> String {
    let (of, number) = parse(name);
    loop {
        *tried = number.max(*tried) + 1;
        let name = format!("{of}.{tried}");
        if db.cf_handle(&name).is_none() {
            return name;
        }
    }
}

/// Which column families are the current ones, by the name of the first; drops the others.
pub fn settle(db: &DB) -> Result<BTreeMap<String, Arc<Current>>> {
    let mut all: BTreeMap<String, BTreeMap<u64, String>> = BTreeMap::new();
    for name in db.cf_names() {
        let (of, number) = parse(&name);
        all.entry(of.to_owned()).or_default().insert(number, name.clone());
    }
    let mut settled = BTreeMap::new();
    for (of, generations) in all {
        let current = newest_with_rows(db, &generations)?;
        for name in generations.into_values().filter(|name| *name != current) {
            tracing::info!(name, current, "removing what a crash left of replaced rows");
            db.drop_cf(&name).map_err(engine)?;
        }
        settled.insert(of, Arc::new(Current::new(current)));
    }
    Ok(settled)
}

/// Drops all column families that rows of the partition were or are in, but for `current`.
pub fn drop_others(db: &DB, current: &str) -> Result<()> {
    let (of, _) = parse(current);
    let mut others = db.cf_names().into_iter().filter(|name| name != current && parse(name).0 == of);
    others.try_for_each(|name| db.drop_cf(&name).map_err(engine))
}

fn newest_with_rows(db: &DB, generations: &BTreeMap<u64, String>) -> Result<String> {
    let (_, oldest) = generations.first_key_value().expect("a name is of some column family");
    for name in generations.values().rev() {
        if name == oldest || has_rows(db, name)? {
            return Ok(name.clone());
        }
    }
    Ok(oldest.clone())
}

fn has_rows(db: &DB, name: &str) -> Result<bool> {
    let Some(family) = db.cf_handle(name) else { return Ok(false) };
    let mut rows = db.raw_iterator_cf(&family);
    rows.seek_to_first();
    rows.status().map_err(engine)?;
    Ok(rows.valid())
}

/// The name of the first, and how many came before.
fn parse(name: &str) -> (&str, u64) {
    let parts = name.rsplit_once('.').and_then(|(of, number)| Some((of, number.parse().ok()?)));
    parts.unwrap_or((name, 0))
}
