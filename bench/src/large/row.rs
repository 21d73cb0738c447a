//! A row of the table: what a part of the load took, and what the probes saw behind it.

use super::probe::Probes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What loading took. Spans of one million add up over interruptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub resources: u64,
    /// From before the first write to behind the last answer; waiting for the server to settle is not in it.
    pub seconds: f64,
    /// Of the server, what it still did behind the last answer included.
    pub cpu_seconds: f64,
    /// Until the server was quiet again.
    pub settle_seconds: f64,
}

impl Span {
    /// Takes what another part of the same million took.
    pub fn add(&mut self, resources: u64, elapsed: Duration, cpu: Duration) {
        self.resources += resources;
        self.seconds += elapsed.as_secs_f64();
        self.cpu_seconds += cpu.as_secs_f64();
    }

    /// Resources per second.
    pub fn per_second(&self) -> f64 {
        self.resources as f64 / self.seconds
    }

    /// CPU of the server for each resource, microseconds.
    pub fn cpu_microseconds(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.resources as f64
    }
}

/// Under which circumstances a row came to be. Rows of different ones are compared with a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The runs of a folder are counted from 1.
    pub run: u32,
    /// The server's budget; `None`: its default.
    pub memory_bytes: Option<u64>,
    /// The checkout's.
    pub commit: String,
}

impl Setting {
    /// Such as `run 2 at 2e5b21c, 512 MiB`.
    pub fn describe(&self) -> String {
        let memory = self.memory_bytes.map(|bytes| format!(", {} MiB", bytes >> 20));
        format!("run {} at {}{}", self.run, self.commit, memory.unwrap_or_default())
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// In the store.
    pub resources: u64,
    /// Since the last full million; `None`: nothing was loaded, only probed.
    pub span: Option<Span>,
    /// Of the server, before the probes.
    pub resident_bytes: u64,
    /// Of the store, in blocks of the disk.
    pub disk_bytes: u64,
    pub probes: Probes,
    pub setting: Setting,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_a_span() {
        let mut span = Span { resources: 400, seconds: 0.25, cpu_seconds: 0.03, settle_seconds: 9.0 };
        span.add(600, Duration::from_millis(250), Duration::from_millis(20));
        assert_eq!((span.per_second(), span.cpu_microseconds()), (2000.0, 50.0));
    }

    #[test]
    fn a_setting_names_its_budget_where_it_has_one() {
        let mut setting = Setting { run: 2, memory_bytes: None, commit: "abc".to_owned() };
        assert_eq!(setting.describe(), "run 2 at abc");
        setting.memory_bytes = Some(512 << 20);
        assert_eq!(setting.describe(), "run 2 at abc, 512 MiB");
    }
}
