//! `bench cluster`: what a write and a read cost where one node holds them, and where several do.
//!
//! Each size is started on empty folders, on one machine, measured, and stopped; then the next; then all of them again. Clients are spread
//! over all nodes. A row says besides what went between the nodes and onto their disks for each create.

mod counted;
mod nodes;
mod table;

use crate::{
    machine::Machine,
    markdown,
    measure::{Measured, Plan, fleet, measure},
    observation::Observations,
    usage,
    wire::rest::{Create, Read, create_observations, create_patients},
};
use anyhow::{Context, Result, bail};
use clap::Args;
use counted::Counted;
use nodes::Nodes;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use table::Line;

/// What to run.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The salamander binary; the one beside this binary where not given.
    #[arg(long)]
    pub binary: Option<PathBuf>,
    /// Sizes of clusters; the first is what the others are held against.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 3, 5])]
    pub nodes: Vec<usize>,
    /// Numbers of partitions.
    #[arg(long, value_delimiter = ',', default_values_t = [16])]
    pub partitions: Vec<usize>,
    /// Numbers of connections, over all nodes together.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64])]
    pub connections: Vec<usize>,
    /// Seconds of each row's window.
    #[arg(long, default_value_t = 4.0)]
    pub seconds: f64,
    /// Seconds of warm-up before each window.
    #[arg(long, default_value_t = 1.5)]
    pub warm_up: f64,
    /// How often all of it is measured.
    #[arg(long, default_value_t = 2)]
    pub rounds: usize,
    /// For temporary data, removed at the end; beside the binary where not given.
    #[arg(long)]
    pub work: Option<PathBuf>,
}

/// Patients that what is written is spread over, and resources that are read.
const PATIENTS: usize = 64;
const RESOURCES: usize = 1000;
/// What idle nodes cost is looked at for so long.
const IDLE: Duration = Duration::from_secs(10);

/// Runs everything and prints it, a line as soon as it is known.
///
/// # Errors
/// What keeps it from being measured, or a row that fails.
pub async fn run(options: &Options, plan: &Plan, binary: &Path, work: &Path) -> Result<()> {
    let in_range = |count: &usize| (1..=1024).contains(count);
    if !options.connections.iter().all(in_range) || !options.nodes.iter().all(|count| (1..=9).contains(count))
    {
        bail!("--connections takes 1 to 1024, --nodes 1 to 9");
    }
    std::fs::create_dir_all(work).with_context(|| format!("making {}", work.display()))?;
    let mut head = String::new();
    markdown::machine(&mut head, &Machine::look(work));
    println!("{head}{}", table::HEAD);
    for _ in 0..options.rounds {
        for partitions in &options.partitions {
            let mut ones = Vec::new();
            for count in &options.nodes {
                let folder = tempfile::Builder::new().prefix("bench-cluster-").tempdir_in(work)?;
                let nodes = Nodes::start(binary, folder.path(), *count, *partitions).await?;
                let mut bench = Bench { plan, nodes, partitions: *partitions, ones: &mut ones };
                bench.idle().await?;
                bench.rows(&options.connections).await?;
                bench.nodes.stop().await?;
            }
        }
    }
    Ok(())
}

/// A cluster under measurement.
struct Bench<'b> {
    plan: &'b Plan,
    nodes: Nodes,
    partitions: usize,
    /// The rates of the first size, in the order of the rows.
    ones: &'b mut Vec<f64>,
}

impl Bench<'_> {
    async fn idle(&self) -> Result<()> {
        let pids = self.nodes.pids();
        let before = usage::cpu_of_all(&pids)?;
        tokio::time::sleep(IDLE).await;
        let spent = usage::cpu_of_all(&pids)?.saturating_sub(before);
        let of_a_core = spent.as_secs_f64() / IDLE.as_secs_f64() / pids.len() as f64;
        println!("{}", table::idle(self.nodes.len(), self.partitions, of_a_core));
        Ok(())
    }

    async fn rows(&mut self, connections: &[usize]) -> Result<()> {
        let bases = self.nodes.bases();
        let patients = create_patients(&bases[0], PATIENTS).await.context("creating patients")?;
        let read =
            create_observations(&bases[0], &patients, RESOURCES).await.context("creating resources")?;
        let paths = Arc::new(read.iter().map(|id| format!("Observation/{id}")).collect::<Vec<_>>());
        for (place, &count) in connections.iter().enumerate() {
            let (before, observations) = (self.counted().await?, Observations::new("c", patients.clone()));
            let connect = |number: usize| {
                Create::connect(&bases[number % bases.len()], observations.clone(), bases.len() == 1)
            };
            let measured = self.measure(fleet(count, connect).await?).await?;
            let costs = self.counted().await?.since(&before).each(observations.drafted());
            self.tell("create", 2 * place, count, &measured, Some(costs));
            let connect =
                |number: usize| Read::connect(&bases[number % bases.len()], paths.clone(), number * 31);
            let measured = self.measure(fleet(count, connect).await?).await?;
            self.tell("read", 2 * place + 1, count, &measured, None);
        }
        Ok(())
    }

    async fn measure<W: crate::measure::Worker>(&self, workers: Vec<W>) -> Result<Measured> {
        measure(self.plan, workers, &self.nodes.pids()).await
    }

    async fn counted(&self) -> Result<Counted> {
        let mut all = Counted::default();
        for origin in self.nodes.origins() {
            all.add(&Counted::ask(&origin).await?);
        }
        Ok(all)
    }

    fn tell(
        &mut self,
        what: &str,
        place: usize,
        connections: usize,
        measured: &Measured,
        costs: Option<Counted>,
    ) {
        let (nodes, partitions, rate) = (self.nodes.len(), self.partitions, measured.rate());
        if self.ones.len() == place {
            self.ones.push(rate);
        }
        let of_one = rate / self.ones[place];
        println!("{}", Line { nodes, partitions, what, connections, of_one, measured, costs });
    }
}
