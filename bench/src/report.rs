//! What a run found: as JSON for programs, through `markdown` for people.

use crate::{machine::Machine, measure::Measured};
use anyhow::Error;
use serde::Serialize;

/// Everything of one run.
#[derive(Serialize)]
pub struct Report {
    pub machine: Machine,
    pub settings: Vec<Fact>,
    pub sections: Vec<Section>,
}

impl Report {
    /// What failed, as `section: row: why`; empty: nothing.
    pub fn failures(&self) -> Vec<String> {
        let failed = |section: &Section| -> Vec<String> {
            let rows = section.rows.iter().filter_map(|row| match &row.outcome {
                Outcome::Failed { error } => {
                    let place =
                        format!("{}: {} at {} × {}", section.title, row.what, row.connections, row.in_flight);
                    Some(format!("{place}: {error}"))
                }
                Outcome::Measured(_) => None,
            });
            let facts = section.facts.iter().filter(|fact| fact.failed);
            rows.chain(facts.map(|fact| format!("{}: {}: {}", section.title, fact.name, fact.value)))
                .collect()
        };
        self.sections.iter().flat_map(failed).collect()
    }
}

/// One part of the table: rows from loops, facts from everything else.
#[derive(Default, Serialize)]
pub struct Section {
    pub title: String,
    pub about: String,
    pub rows: Vec<Row>,
    pub facts: Vec<Fact>,
}

/// A name and what was found under it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    pub name: String,
    pub value: String,
    pub failed: bool,
}

impl Fact {
    /// A figure with its unit.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { name: name.into(), value: value.into(), failed: false }
    }

    /// What could not be found, and why. Fails the run.
    pub fn failed(name: impl Into<String>, error: &Error) -> Fact {
        Fact { name: name.into(), value: format!("FAILED: {error:#}"), failed: true }
    }
}

/// One closed loop.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    pub connections: usize,
    pub in_flight: usize,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Figures, or why there are none.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Measured(Figures),
    Failed { error: String },
}

/// The figures of one loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub operations: u64,
    pub seconds: f64,
    pub per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    pub max_us: f64,
    pub server_cpu_us: Option<f64>,
    pub client_cpu_us: f64,
    /// Part of the floor's rate at the same number in flight.
    pub of_floor: Option<f64>,
    pub notes: Vec<String>,
}

impl Row {
    /// Of a loop that ended well or not.
    pub fn new(
        what: impl Into<String>,
        connections: usize,
        in_flight: usize,
        measured: Result<Measured, Error>,
    ) -> Row {
        let outcome = match measured {
            Ok(measured) => Outcome::Measured(Figures::from(&measured)),
            Err(error) => Outcome::Failed { error: format!("{error:#}") },
        };
        Row { what: what.into(), connections, in_flight, outcome }
    }

    /// Its figures, if it has any.
    pub fn figures(&self) -> Option<&Figures> {
        match &self.outcome {
            Outcome::Measured(figures) => Some(figures),
            Outcome::Failed { .. } => None,
        }
    }

    /// Adds a note, if it has figures.
    pub fn note(mut self, note: impl Into<String>) -> Row {
        if let Outcome::Measured(figures) = &mut self.outcome {
            figures.notes.push(note.into());
        }
        self
    }

    /// Sets its part of the floor's rate, if both are known.
    pub fn against(mut self, floor: Option<f64>) -> Row {
        if let Outcome::Measured(figures) = &mut self.outcome {
            figures.of_floor = floor.map(|floor| figures.per_second / floor);
        }
        self
    }

    /// Operations per second, if there are figures.
    pub fn per_second(&self) -> Option<f64> {
        self.figures().map(|figures| figures.per_second)
    }
}

impl From<&Measured> for Figures {
    fn from(measured: &Measured) -> Figures {
        let per_operation = |cpu| measured.microseconds_per_operation(cpu);
        let checked = format!("{} of {0} writes found at once", measured.checks);
        Figures {
            operations: measured.latency.count(),
            seconds: measured.elapsed.as_secs_f64(),
            per_second: measured.rate(),
            p50_us: measured.latency.microseconds_at(50.0),
            p99_us: measured.latency.microseconds_at(99.0),
            max_us: measured.latency.microseconds_max(),
            server_cpu_us: measured.server_cpu.map(per_operation),
            client_cpu_us: per_operation(measured.client_cpu),
            of_floor: None,
            notes: (measured.checks > 0).then_some(checked).into_iter().collect(),
        }
    }
}
