//! How far a folder is: a small file beside the store, so that a run goes on where the last one stopped.

use super::{
    load::Chunk,
    row::{Row, Span},
    sample::Sample,
};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::Path,
    time::Duration,
};

/// Resources after which there is a row.
pub const MILLION: u64 = 1_000_000;
/// The row before the first million.
pub const BASE: u64 = 100_000;

/// The server forgets idempotency keys after a day (`idempotency.retention_ms`).
const KEYS_KNOWN: Duration = Duration::from_secs(23 * 3600);

/// What is known of the store, all of it acknowledged. The store may hold more, of an interrupted run; that is sent
/// again under the same keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub seed: u64,
    /// The generator's patients below this number are loaded.
    pub patients: u64,
    /// Resources by type.
    pub counts: BTreeMap<String, u64>,
    /// Of the million under way.
    pub span: Span,
    pub sample: Sample,
    pub rows: Vec<Row>,
    /// Runs so far.
    pub runs: u32,
}

impl Progress {
    /// The file's, or a new one where there is none.
    ///
    /// # Errors
    /// It cannot be read, or is of another seed.
    pub fn open(file: &Path, seed: u64) -> Result<Progress> {
        if !file.exists() {
            return Ok(Progress { seed, ..Progress::default() });
        }
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        let progress: Progress = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} holds something else", file.display()))?;
        if progress.seed != seed {
            bail!("{} is of seed {}, not {seed}", file.display(), progress.seed);
        }
        Ok(progress)
    }

    /// Replaces the file, durably.
    ///
    /// # Errors
    /// The disk's.
    pub fn save(&self, file: &Path) -> Result<()> {
        let new = file.with_extension("new");
        let mut written = File::create(&new).with_context(|| format!("writing {}", new.display()))?;
        written.write_all(&serde_json::to_vec(self)?)?;
        written.sync_all()?;
        Ok(fs::rename(&new, file)?)
    }

    /// In the store.
    pub fn resources(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Numbers of resources that are to have a row and have none yet.
    pub fn pending(&self, millions: u64) -> Vec<u64> {
        let reached = self.rows.last().map_or(0, |row| row.resources);
        let marks = std::iter::once(BASE).chain((1..=millions).map(|million| million * MILLION));
        marks.filter(|mark| *mark > reached).collect()
    }

    /// Takes what was loaded. What it took is the span's.
    pub(super) fn add(&mut self, chunk: Chunk) {
        self.patients += chunk.patients.len() as u64;
        for (resource_type, count) in chunk.counts {
            *self.counts.entry(resource_type.to_owned()).or_default() += count;
        }
        for (index, id) in chunk.patients {
            self.sample.offer(self.seed, index, id);
        }
    }

    /// Takes a row. Behind a full million the next one begins.
    pub fn push(&mut self, row: Row) {
        if row.resources >= MILLION {
            self.span = Span::default();
        }
        self.rows.push(row);
    }

    /// How many patients a store has more than this file, written so long ago, knows of: an interrupted run's.
    ///
    /// # Errors
    /// It has less, or it has more and has forgotten the keys of those.
    pub fn ahead(&self, patients_stored: u64, age: Duration) -> Result<u64> {
        match patients_stored.checked_sub(self.patients) {
            None => bail!("the store holds {patients_stored} patients, {} were acknowledged", self.patients),
            Some(more) if more > 0 && age > KEYS_KNOWN => bail!(
                "an interrupted run left {more} patients more than are known, too long ago to send them again; \
                 remove the folder and begin anew"
            ),
            Some(more) => Ok(more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::large::{probe::Probes, row::Setting};

    fn row(resources: u64) -> Row {
        let setting = Setting { run: 1, memory_bytes: None, commit: String::new() };
        let span = Some(Span::default());
        Row { resources, span, resident_bytes: 1, disk_bytes: 2, probes: Probes::default(), setting }
    }

    fn chunk(patients: &[u64], observations: u64) -> Chunk {
        let patients: Vec<_> = patients.iter().map(|index| (*index, format!("p{index}"))).collect();
        let counts = [("Patient", patients.len() as u64), ("Observation", observations)].into();
        Chunk { patients, counts, elapsed: Duration::from_millis(1500) }
    }

    #[test]
    fn a_second_run_finds_what_the_first_saved() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("progress.json");
        let mut progress = Progress::open(&file, 9)?;
        assert_eq!(progress, Progress { seed: 9, ..Progress::default() });
        progress.span.add(22, Duration::from_millis(1500), Duration::from_millis(500));
        progress.add(chunk(&[1, 0], 20));
        progress.push(row(BASE));
        progress.save(&file)?;
        progress.save(&file)?;
        assert_eq!(Progress::open(&file, 9)?, progress);
        assert!(Progress::open(&file, 8).is_err(), "another seed's patients are not in there");
        fs::write(&file, "{")?;
        assert!(Progress::open(&file, 9).is_err());
        Ok(())
    }

    #[test]
    fn chunks_add_up_until_a_million_is_full() {
        let mut progress = Progress::default();
        progress.add(chunk(&[0], 9));
        progress.span.add(10, Duration::from_secs(1), Duration::from_secs(2));
        progress.push(row(BASE));
        assert_eq!(progress.span.resources, 10, "the first row is a part of the first million");
        progress.add(chunk(&[2, 1], 18));
        assert_eq!((progress.patients, progress.resources()), (3, 30));
        progress.push(row(MILLION + 7));
        assert_eq!(progress.span, Span::default());
        assert_eq!(progress.sample.shuffled(0).len(), 3);
    }

    #[test]
    fn rows_that_are_still_to_come() {
        let mut progress = Progress::default();
        assert_eq!(progress.pending(2), [BASE, MILLION, 2 * MILLION]);
        progress.push(row(BASE + 3));
        assert_eq!(progress.pending(1), [MILLION]);
        progress.push(row(MILLION + 90));
        assert_eq!(progress.pending(3), [2 * MILLION, 3 * MILLION]);
        assert!(progress.pending(1).is_empty());
    }

    #[test]
    fn a_store_that_is_another_one() {
        let progress = Progress { patients: 10, ..Progress::default() };
        let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(24 * 3600));
        assert!(progress.ahead(9, hour).is_err());
        assert_eq!(progress.ahead(10, day).ok(), Some(0));
        assert_eq!(progress.ahead(12, hour).ok(), Some(2));
        assert!(progress.ahead(12, day).is_err());
    }
}
