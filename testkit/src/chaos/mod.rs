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
mod record;
mod report;
mod survey;
mod wire;
mod workload;

pub use report::Report;
pub use workload::{ACTIONS, Action};

use crate::node::NodeProcess;
use anyhow::Context;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use workload::{Shared, Worker};

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

/// Starts a node of its own, and ends it. Must be called within a tokio runtime of several threads.
///
/// # Errors
/// A node that does not start, or does not answer when nobody disturbs it.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let mut node = NodeProcess::start(&options.binary)?;
    let wires = wire::Wires::new(&node.rest, &node.grpc)?;
    let began = Instant::now();
    let until = began + options.time;
    let kept = ACTIONS.iter().filter(|(action, _)| !options.without.contains(action));
    let shared = Arc::new(Shared {
        seed: options.seed,
        wires: wires.clone(),
        began,
        until,
        actions: kept.copied().collect(),
        record: Default::default(),
        tally: Default::default(),
    });
    Worker::new(shared.clone(), 0).set_up().await?;
    let clients: Vec<_> =
        (1..=options.clients).map(|n| tokio::spawn(Worker::new(shared.clone(), n).run())).collect();
    let (seed, kill_every) = (options.seed, options.kill_every);
    let haunted = tokio::task::spawn_blocking(move || {
        let starts = kill_every.map(|every| nemesis::haunt(&mut node, seed, every, until)).transpose();
        starts.map(|starts| (node, starts.unwrap_or_default()))
    });
    for client in clients {
        client.await.context("a client broke")?;
    }
    let (mut node, starts) = haunted.await??;
    let record = shared.record.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
    let survey = survey::Survey::take(&wires, &record).await?;
    node.kill9()?;
    node.restart()?;
    let after_restart = survey::Survey::take(&wires, &record).await?;
    let findings = check::all(&check::Evidence::new(&record, &survey, &after_restart));
    let tally = shared.tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
    let log = node.log();
    let troubles = log.lines().filter(|line| line.contains("panicked") || line.contains(" ERROR "));
    Ok(Report {
        options: options.clone(),
        tally,
        starts,
        findings,
        surprises: record.surprises,
        troubles: troubles.map(str::to_owned).collect(),
    })
}
