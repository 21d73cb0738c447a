//! Is what was acknowledged still true? A black-box checker over both wires.
//!
//! Clients write and read few resources at random, over REST and gRPC, at any node, while things go wrong: processes are killed
//! and started again, and in a cluster much else. Every write bears its own name, every version the name of the write that made
//! it. What the clients were told and saw is [`record`]ed, what is there in the end is [`survey`]ed, and the invariants of
//! [`check`] compare the two. A seed fixes the choices of each client and of the [`nemesis`], not how they interleave.

pub mod check;
mod content;
mod instant;
mod kind;
mod nemesis;
mod nodes;
mod options;
mod outage;
pub(crate) mod record;
mod report;
pub(crate) mod survey;
pub(crate) mod wire;
pub(crate) mod workload;

pub use kind::{KINDS, Kind};
pub use nodes::{enter as enter_apart, is_apart};
pub use options::Options;
pub use outage::Outage;
pub use report::Report;
pub use wire::{Api, Failure};
pub use workload::{ACTIONS, Action};

use nemesis::{Event, Plan};
use nodes::Nodes;
use record::Record;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use survey::Survey;
use wire::Wires;
use workload::Shared;

/// Starts nodes of its own, and ends them. Must be called within a tokio runtime of several threads. Where the future is dropped,
/// the nodes end soon after.
///
/// # Errors
/// A node that does not start, or does not answer when nobody disturbs it.
pub async fn run(options: &Options) -> anyhow::Result<Report> {
    let given_up = GivenUp::default();
    let nodes = Nodes::start(options)?;
    nodes.at_rest().await?;
    let (wires, each) = wires(&nodes, options.seed)?;
    let began = Instant::now();
    let shared = Arc::new(Shared::new(wires, options.seed, options.time, &options.without));
    workload::set_up(&shared).await?;
    let plan = plan(options, &nodes, began, &given_up);
    let haunted = tokio::task::spawn_blocking(move || haunted(nodes, plan));
    let pulse = tokio::spawn(workload::pulse(shared.clone(), each));
    workload::work(&shared, options.clients).await?;
    pulse.await?;
    let (mut nodes, events) = haunted.await??;
    rest(&mut nodes).await;
    let record = shared.recorded();
    let mut surveys = surveys(&nodes, &record, "").await?;
    nodes.restart()?;
    rest(&mut nodes).await;
    surveys.extend(self::surveys(&nodes, &record, ", after a restart").await?);
    let (_, survey) = surveys.remove(0);
    Ok(Report {
        run: options.to_string(),
        tally: shared.tallied(),
        starts: nodes.starts.clone(),
        outages: outage::outages(&record, &events),
        findings: check::all(&check::Evidence::new(&record, &survey, &surveys)),
        notes: nodes.notes.clone(),
        surprises: record.surprises,
        troubles: nodes.complaints(),
    })
}

/// What the clients ask, and each node of a cluster, for its pulse.
fn wires(nodes: &Nodes, seed: u64) -> anyhow::Result<(Wires, Vec<Wires>)> {
    let mut each = nodes.wires()?;
    if each.len() == 1 {
        return Ok((each.remove(0), Vec::new()));
    }
    let alone = |(wires, seed): (Wires, u64)| Wires::any(vec![wires], seed);
    Ok((Wires::any(each.clone(), seed), each.into_iter().zip(seed..).map(alone).collect()))
}

/// Tells the nemesis that nobody waits any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn plan(options: &Options, nodes: &Nodes, began: Instant, given_up: &GivenUp) -> Option<Plan> {
    let fits = |kind: &Kind| kind.fits(nodes.count(), nodes.network.can_be_cut(), nodes.can_be_full());
    let kinds: Vec<Kind> = options.faults.iter().copied().filter(fits).collect();
    let every = options.kill_every.filter(|_| !kinds.is_empty())?;
    let until = began + options.time;
    Some(Plan {
        seed: options.seed,
        kinds,
        every,
        began,
        until,
        told: options.told,
        stop: given_up.0.clone(),
    })
}

fn haunted(mut nodes: Nodes, plan: Option<Plan>) -> anyhow::Result<(Nodes, Vec<Event>)> {
    let events = plan.map(|plan| nemesis::haunt(&mut nodes, plan)).transpose()?;
    Ok((nodes, events.unwrap_or_default()))
}

/// Until nothing is under way any more.
async fn rest(nodes: &mut Nodes) {
    if let Err(error) = nodes.at_rest().await {
        nodes.troubles.push(error.to_string());
    }
}

/// What is there, as each node says.
async fn surveys(nodes: &Nodes, record: &Record, when: &str) -> anyhow::Result<Vec<(String, Survey)>> {
    let mut all = Vec::new();
    for (at, wires) in nodes.wires()?.iter().enumerate() {
        all.push((format!("node {}{when}", at + 1), Survey::take(wires, record).await?));
    }
    Ok(all)
}
