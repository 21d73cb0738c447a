//! All of a backup, read again.

use super::{
    entries,
    frames::{Reader, damaged},
    manifest::{Kind, Manifest, Part, Rows, state_from},
    rows::told,
};
use bytes::Bytes;
use std::path::Path;
use storage::Tally;

/// Reads every byte of a backup in its folder: what is wrong with it, each with the name of the file. Parents are looked at by
/// themselves; `parent` is the one it goes on from.
pub fn verify(dir: &Path, manifest: &Manifest, parent: Option<&Manifest>) -> Vec<anyhow::Error> {
    let mut wrong = vec![];
    for state in [&manifest.state_before, &manifest.state] {
        if let Err(error) = state_from(state) {
            wrong.push(damaged(&dir.join(super::manifest::FILE), &error.to_string()));
        }
    }
    for part in &manifest.partitions {
        let from = parent.and_then(|parent| {
            parent.partitions.iter().find(|other| other.partition == part.partition).map(|other| other.cut)
        });
        wrong.extend(of_rows(dir, manifest.kind, part).err());
        wrong.extend(of_log(dir, part, from).err());
    }
    wrong
}

fn of_rows(dir: &Path, kind: Kind, part: &Part) -> anyhow::Result<()> {
    match (&part.rows, kind) {
        (Some(rows), _) => check_rows(dir, rows),
        (None, Kind::Incremental) => Ok(()),
        (None, Kind::Full) => Err(missing(dir, part, "rows")),
    }
}

fn check_rows(dir: &Path, rows: &Rows) -> anyhow::Result<()> {
    let mut reader = Reader::open(dir, &rows.written)?;
    let mut tally = Tally::default();
    while let Some(chunk) = reader.frame()? {
        tally.see(&Bytes::from(chunk)).map_err(|error| reader.damaged(&error.to_string()))?;
    }
    let counted = Rows { written: rows.written.clone(), ..told(&tally) };
    match tally.is_complete() && counted == *rows {
        true => Ok(()),
        false => Err(reader.damaged("its rows are not those that were counted when it was made")),
    }
}

/// That the entries go from where the rows or the parent ends to the cut.
fn of_log(dir: &Path, part: &Part, parent: Option<u64>) -> anyhow::Result<()> {
    let from = part.rows.as_ref().map(|rows| rows.index).or(parent).unwrap_or_default();
    match &part.log {
        Some(log) if log.first <= from + 1 && log.last >= part.cut => {
            entries::each(dir, log, &mut |_| Ok(()))
        }
        None if part.cut == from => Ok(()),
        _ => Err(missing(dir, part, "log")),
    }
}

fn missing(dir: &Path, part: &Part, what: &str) -> anyhow::Error {
    let file = dir.join(super::manifest::FILE);
    damaged(&file, &format!("of partition {} it has not all of the {what}", part.partition))
}
