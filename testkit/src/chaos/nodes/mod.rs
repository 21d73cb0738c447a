//! The nodes of a run: real processes, one or a cluster.

mod apart;
mod disk;
mod network;
mod operator;
mod seat;
mod whole;

pub use apart::{enter, is_apart};

use super::{Options, wire::Wires};
use crate::node::NodeProcess;
use anyhow::Context;
use network::Network;
pub(super) use operator::Operator;
use seat::Seat;
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// All of them. They end with this value.
pub(super) struct Nodes {
    binary: PathBuf,
    seats: Vec<Seat>,
    pub(super) network: Network,
    /// How long each start took until the node was ready.
    pub(super) starts: Vec<Duration>,
    /// What a node did that is no good news, besides its log.
    pub(super) troubles: Vec<String>,
    /// What else is of interest.
    pub(super) notes: Vec<String>,
    /// Their logs go with the last one.
    _logs: Option<tempfile::TempDir>,
}

/// What nodes say while a disk is full; and the Raft library, of what others send to a node that stops.
const EXPECTED: &[&str] = &[
    "the disk is full",
    "the search index cannot be written",
    "raft stopped",
    "receive from RaftCore: None",
];

impl Nodes {
    /// As many as asked for, of which the first founds the cluster that the others join.
    ///
    /// # Errors
    /// One that does not start.
    pub(super) fn start(options: &Options) -> anyhow::Result<Nodes> {
        let (binary, count, logs) = (&options.binary, options.nodes, options.logs.as_deref());
        let own = logs.is_none().then(tempfile::tempdir).transpose()?;
        let folder =
            logs.or(own.as_ref().map(tempfile::TempDir::path)).context("a folder for logs")?.to_owned();
        fs::create_dir_all(&folder)?;
        let network = Network::new(count)?;
        let mut nodes = Nodes {
            binary: binary.clone(),
            seats: Vec::new(),
            network,
            starts: Vec::new(),
            troubles: Vec::new(),
            notes: Vec::new(),
            _logs: own,
        };
        for at in 0..count {
            let mut seat = Seat::new(binary, &nodes.network, at, count, &folder)?;
            options.set.iter().for_each(|(option, value)| seat.process.change(option, value));
            if let Some(first) = nodes.seats.first() {
                seat.process.change("cluster.join", first.process.grpc.trim_start_matches("http://"));
            }
            seat.process.launch()?;
            // The others need the first; it alone is waited for here.
            if at == 0 {
                seat.process.ready()?;
            }
            nodes.seats.push(seat);
        }
        nodes.seats.iter_mut().skip(1).try_for_each(|seat| seat.process.ready())?;
        Ok(nodes)
    }

    pub(super) fn count(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn process(&mut self, at: usize) -> &mut NodeProcess {
        &mut self.seats[at].process
    }

    /// Of each node.
    pub(super) fn wires(&self) -> anyhow::Result<Vec<Wires>> {
        self.seats.iter().map(|seat| Wires::new(&seat.process.rest, &seat.process.grpc)).collect()
    }

    /// At that node.
    pub(super) fn operator(&self, at: usize) -> Operator {
        Operator::new(&self.binary, &self.seats[at].process.grpc)
    }

    /// The node with that id in the cluster's words.
    pub(super) fn at_address(&self, address: &str) -> Option<usize> {
        let host = address.split(':').next().unwrap_or_default();
        (0..self.count()).find(|at| self.network.host(*at) == host)
    }

    /// Whether the disks can be full.
    pub(super) fn can_be_full(&self) -> bool {
        self.seats.iter().all(|seat| seat.disk.is_some())
    }

    pub(super) fn fill(&self, at: usize) -> anyhow::Result<()> {
        self.seats[at].disk.as_ref().context("no disk of its own")?.fill()
    }

    pub(super) fn clear(&self, at: usize) -> anyhow::Result<()> {
        self.seats[at].disk.as_ref().context("no disk of its own")?.clear()
    }

    /// Takes the data of a node that does not run.
    pub(super) fn wipe(&self, at: usize) -> anyhow::Result<()> {
        Ok(fs::remove_dir_all(self.seats[at].process.data())?)
    }

    /// Has a node that does not run and has no data join through another.
    pub(super) fn join(&mut self, at: usize, through: usize) -> anyhow::Result<()> {
        let member = self.seats[through].process.grpc.trim_start_matches("http://").to_owned();
        self.seats[at].process.change("cluster.join", member);
        self.launch(at)
    }

    pub(super) fn launch(&mut self, at: usize) -> anyhow::Result<()> {
        self.seats[at].launched = Some(Instant::now());
        self.seats[at].process.launch()
    }

    /// Waits until all that were launched are ready. One that has ended by itself is started again, as its supervisor would.
    pub(super) fn ready(&mut self) -> anyhow::Result<()> {
        for (at, seat) in self.seats.iter_mut().enumerate() {
            if let Some(launched) = seat.launched.take() {
                seat.process.ready().with_context(|| format!("node {}", at + 1))?;
                self.starts.push(launched.elapsed());
            } else if !seat.process.runs() {
                let status = seat.process.wait()?;
                self.troubles.push(format!("node {} ended by itself: {status}", at + 1));
                seat.process.restart().with_context(|| format!("node {}, again", at + 1))?;
            }
        }
        Ok(())
    }

    /// All of them at once: kill -9 and start.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        self.seats.iter_mut().try_for_each(|seat| seat.process.kill9())?;
        (0..self.count()).try_for_each(|at| self.launch(at))?;
        self.ready()
    }

    /// What their logs have of no good news.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut all = self.troubles.clone();
        for (at, seat) in self.seats.iter().enumerate() {
            let log = seat.process.log();
            let bad = log.lines().filter(|line| line.contains("panicked") || line.contains(" ERROR "));
            let bad = bad.filter(|line| !EXPECTED.iter().any(|expected| line.contains(expected)));
            all.extend(bad.map(|line| format!("node {}: {line}", at + 1)));
        }
        all
    }
}
