//! What a load did.

use super::{answer::Outcome, counts::Counts, item::Place};
use std::{
    fmt,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Something that was not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub file: PathBuf,
    /// From 1, in an NDJSON file.
    pub line: Option<u64>,
    /// From 0, where one entry of a batch failed.
    pub entry: Option<usize>,
    pub reason: String,
    /// The server refused it, so that it may go better once the rest is there.
    refused: bool,
}

impl Failure {
    pub(super) fn broken(place: Place, reason: String) -> Self {
        Failure { file: place.file, line: place.line, entry: None, reason, refused: false }
    }

    fn retryable(&self) -> bool {
        self.refused && self.entry.is_none()
    }

    pub(super) fn place(self) -> Place {
        Place { file: self.file, line: self.line }
    }
}

/// The result of [`super::run`]; shown, it is the summary and the list of failures.
#[derive(Debug)]
pub struct LoadReport {
    pub files: u64,
    pub bundles: u64,
    /// Stored, or found to be there already.
    pub resources: Counts,
    pub bytes: u64,
    /// At most [`LoadReport::FAILURES_MAX`]; `failures_unlisted` counts the rest.
    pub failed: Vec<Failure>,
    pub failures_unlisted: u64,
    pub elapsed: Duration,
    started: Instant,
}

impl LoadReport {
    /// How many failures are kept: a list that somebody may still read.
    pub const FAILURES_MAX: usize = 10_000;

    pub(super) fn new(files: u64) -> Self {
        LoadReport {
            files,
            bundles: 0,
            resources: Counts::default(),
            bytes: 0,
            failed: Vec::new(),
            failures_unlisted: 0,
            elapsed: Duration::ZERO,
            started: Instant::now(),
        }
    }

    /// Whether everything was loaded.
    pub fn complete(&self) -> bool {
        self.failed.is_empty() && self.failures_unlisted == 0
    }

    pub(super) fn finish(mut self) -> Self {
        self.elapsed = self.started.elapsed();
        self.failed.sort_by(|a, b| (&a.file, a.line, a.entry).cmp(&(&b.file, b.line, b.entry)));
        self
    }

    /// How many failures [`LoadReport::take_retryable`] would give.
    pub(super) fn retryable(&self) -> usize {
        self.failed.iter().filter(|failure| failure.retryable()).count()
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        if self.failed.len() < LoadReport::FAILURES_MAX {
            self.failed.push(failure);
        } else {
            self.failures_unlisted += 1;
        }
    }

    pub(super) fn take(&mut self, place: Place, bytes: u64, outcome: Outcome) {
        self.bytes += bytes;
        self.resources.add(outcome.resources);
        self.bundles += u64::from(outcome.bundle);
        for (entry, reason) in outcome.failed {
            let Place { file, line } = place.clone();
            self.fail(Failure { file, line, entry, reason, refused: true });
        }
    }

    /// Takes out the failures of whole items that the server refused. The entries of a batch stay: sending the
    /// batch again would do the other entries again.
    pub(super) fn take_retryable(&mut self) -> Vec<Failure> {
        let all = std::mem::take(&mut self.failed);
        let (again, kept) = all.into_iter().partition(Failure::retryable);
        self.failed = kept;
        again
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64().max(1e-9);
        let Counts { new, changed, there } = self.resources;
        writeln!(
            f,
            "loaded {} resources ({new} new, {changed} changed, {there} there already; {} bundles, {} files, {:.1} MB) \
             in {seconds:.1} s: {:.0} resources/s, {:.1} MB/s",
            self.resources.all(),
            self.bundles,
            self.files,
            self.bytes as f64 / 1e6,
            self.resources.all() as f64 / seconds,
            self.bytes as f64 / 1e6 / seconds,
        )?;
        if self.complete() {
            return Ok(());
        }
        writeln!(f, "{} failed:", self.failed.len() as u64 + self.failures_unlisted)?;
        for failure in &self.failed {
            write!(f, "  {}", failure.file.display())?;
            if let Some(line) = failure.line {
                write!(f, ":{line}")?;
            }
            if let Some(entry) = failure.entry {
                write!(f, " entry {entry}")?;
            }
            writeln!(f, ": {}", failure.reason)?;
        }
        if self.failures_unlisted > 0 {
            writeln!(f, "  … and {} more", self.failures_unlisted)?;
        }
        Ok(())
    }
}
