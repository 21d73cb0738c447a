//! One run, one machine, the whole table.

mod creates;
mod input;
mod loading;
mod reads;
mod searches;
mod starts;
mod steps;

use crate::{
    machine::Machine,
    measure::Plan,
    node::Node,
    observation::Observations,
    report::{Fact, Report, Row, Section},
    wire::rest::create_patients,
};
use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `salamander` binary.
    pub binary: PathBuf,
    /// This binary, for the echo servers.
    pub bench: PathBuf,
    /// Where temporary data goes; floors and nodes share its filesystem.
    pub work: PathBuf,
    pub plan: Plan,
    /// Connections of the rows.
    pub levels: Vec<usize>,
    /// Patients the Observations are spread over.
    pub patients: usize,
    /// A folder of bundles to load; `None`: that part is left out.
    pub data: Option<PathBuf>,
    /// Patients to generate and load; 0: that part is left out.
    pub generate: u32,
}

/// Most creates in flight on one stream, in the row that shows what a stream is for.
const STREAM_IN_FLIGHT: usize = 512;

/// What the parts of one run share.
struct Run<'a> {
    options: &'a Options,
    folder: &'a Path,
}

impl Run<'_> {
    /// A folder or file below the run's own.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn start(&self, data: &Path) -> Result<Node> {
        Node::start(&self.options.binary, data, &self.path("node.log")).await
    }

    async fn start_echo(&self, body: &[u8]) -> Result<Node> {
        let file = self.path("echo-body.json");
        fs::write(&file, body)?;
        Node::echo(&self.options.bench, &file, &self.path("echo.log")).await
    }
}

/// Runs everything; takes minutes. A row that fails stays in the report as failed, and the rest goes on.
///
/// # Errors
/// What leaves nothing to measure: no folder to work in, a node that does not start.
pub async fn run(options: &Options) -> Result<Report> {
    fs::create_dir_all(&options.work).with_context(|| format!("making {}", options.work.display()))?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&options.work)?;
    let run = Run { options, folder: folder.path() };
    let machine = Machine::look(folder.path());
    let mut sections = fresh_store(&run).await?;
    sections.extend(loaded_stores(&run).await);
    sections.push(starts::empty(&run).await);
    Ok(Report { machine, settings: settings(options), sections })
}

/// Creates and reads, on a store that holds nothing else.
async fn fresh_store(run: &Run<'_>) -> Result<Vec<Section>> {
    let node = run.start(&run.path("fresh")).await.context("starting the node")?;
    let patients = create_patients(&node.rest, run.options.patients).await.context("creating patients")?;
    let sample = Observations::new("echo", patients.clone()).draft().body();
    let echo = run.start_echo(&sample).await?;
    let mut sections = vec![creates::section(run, &node, &echo, &patients, &sample).await];
    sections.push(steps::section(run, &node, &patients).await);
    sections.push(reads::section(run, &node, &echo, &patients).await);
    Ok(sections)
}

/// Load, idle, search and start, on each of the data sets asked for.
async fn loaded_stores(run: &Run<'_>) -> Vec<Section> {
    let mut sections = Vec::new();
    if let Some(data) = &run.options.data {
        let title = format!("Loading {}", data.file_name().unwrap_or_default().to_string_lossy());
        sections.extend(loading::sections(run, &title, "loaded", Ok(data.clone())).await);
    }
    if run.options.generate > 0 {
        let title = format!("Loading {} generated patients", run.options.generate);
        sections.extend(loading::sections(run, &title, "generated", loading::generate(run).await).await);
    }
    sections
}

fn settings(options: &Options) -> Vec<Fact> {
    let plan = &options.plan;
    vec![
        Fact::new("each row", format!("{:?} after {:?} of warm-up, closed loop", plan.window, plan.warm_up)),
        Fact::new(
            "written",
            format!("an Observation of about 2 KB, over {} patients in turns", options.patients),
        ),
        Fact::new("server", "one process with its default configuration (fsync before the answer)"),
        Fact::new("client", "one process on the same machine, so its CPU is not the server's to use"),
    ]
}

/// Says on stderr how far it is; the report goes to stdout.
pub fn progress(row: &Row) {
    match row.figures() {
        Some(figures) => eprintln!(
            "{:44} {:4} × {:4} {:>10.0}/s  p50 {:>9.0} µs  p99 {:>9.0} µs  server {:>6.0} µs",
            row.what,
            row.connections,
            row.in_flight,
            figures.per_second,
            figures.p50_us,
            figures.p99_us,
            figures.server_cpu_us.unwrap_or(0.0)
        ),
        None => eprintln!("{:44} {:4} × {:4} FAILED", row.what, row.connections, row.in_flight),
    }
}
