//! Is what was acknowledged still true? A black-box checker over both wires.
//!
//! Clients write and read few resources at random, over REST and gRPC, while the process is killed and started again. Every
//! write bears its own name, every version the name of the write that made it. What the clients were told and saw is
//! [`record`]ed, what is there in the end is [`survey`]ed, and the invariants of [`check`] compare the two. A seed fixes the
//! choices of each client and of the [`nemesis`], not how they interleave.

pub mod check;
mod content;
mod instant;
mod nemesis;
pub(crate) mod record;
mod report;
pub(crate) mod survey;
pub(crate) mod wire;
pub(crate) mod workload;

pub use report::Report;
pub use wire::{Api, Failure};
pub use workload::{ACTIONS, Action};

use crate::node::NodeProcess;
use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use workload::Shared;

/// One run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `salamander`.
    pub binary: PathBuf,
    pub seed: u64,
    /// How long the clients write; reading back takes about as long again.
    pub time: Duration,
    pub clients: u64,
    /// On average; `None`: never.
    pub kill_every: Option<Duration>,
    /// What the clients do not do.
    pub without: Vec<Action>,
}

impl Options {
    /// Half a minute of twelve clients, with a kill every three seconds.
    pub fn new(binary: impl Into<PathBuf>, seed: u64) -> Options {
        Options {
            binary: binary.into(),
            seed,
            time: Duration::from_secs(30),
            clients: 12,
            kill_every: Some(Duration::from_secs(3)),
            without: Vec::new(),
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { seed, time, clients, kill_every, without, .. } = self;
        write!(f, "seed {seed}, {time:?}, {clients} clients, kills ")?;
        match kill_every {
            Some(every) => write!(f, "every {every:?}, without {without:?}"),
            None => write!(f, "never, without {without:?}"),
        }
    }
}

/// Starts a node of its own, and ends it. Must be called within a tokio runtime of several threads.
///
/// # Errors
/// A node that does not start, or does not answer when nobody disturbs it.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut node = NodeProcess::start(&options.binary)?;
    let wires = wire::Wires::new(&node.rest, &node.grpc)?;
    let until = Instant::now() + options.time;
    let shared = Arc::new(Shared::new(wires.clone(), options.seed, options.time, &options.without));
    let (seed, kill_every) = (options.seed, options.kill_every);
    workload::set_up(&shared).await?;
    let haunted = tokio::task::spawn_blocking(move || {
        let starts = kill_every.map(|every| nemesis::haunt(&mut node, seed, every, until)).transpose();
        starts.map(|starts| (node, starts.unwrap_or_default()))
    });
    workload::work(&shared, options.clients).await?;
    let (mut node, starts) = haunted.await??;
    let record = shared.recorded();
    let survey = survey::Survey::take(&wires, &record).await?;
    node.kill9()?;
    node.restart()?;
    let after_restart = survey::Survey::take(&wires, &record).await?;
    let findings = check::all(&check::Evidence::new(&record, &survey, &after_restart));
    let log = node.log();
    let troubles = log.lines().filter(|line| line.contains("panicked") || line.contains(" ERROR "));
    Ok(Report {
        run: options.to_string(),
        tally: shared.tallied(),
        starts,
        findings,
        surprises: record.surprises,
        troubles: troubles.map(str::to_owned).collect(),
    })
}
