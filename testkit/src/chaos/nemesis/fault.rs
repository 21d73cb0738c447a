//! What can go wrong, how it begins and how it is made good.

use crate::chaos::nodes::Nodes;
use anyhow::Context;
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

/// The names are those of `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL: nothing is flushed.
    Kill,
    /// SIGSTOP and SIGCONT: the process stands still, for longer than a lease, and knows nothing of it.
    Stop,
    /// SIGTERM and a new start.
    Terminate,
    /// The same with one node after the other.
    Rolling,
    /// Nothing goes through between two nodes.
    Cut,
    /// Nothing goes through from one node to another, the other way does.
    CutOneWay,
    /// Nothing goes through between a node and all others.
    Isolate,
    /// Nothing comes to a node from others.
    Deafen,
    /// Nothing comes from a node to others.
    Mute,
    /// The operator has another node lead.
    Transfer,
    /// A node's disk is full.
    Fill,
    /// A node loses its data, is removed, and a new one takes its place.
    Wipe,
    /// A node's log is damaged and the node started with it; then as with [`Kind::Wipe`].
    Corrupt,
}

/// Each with its weight.
pub const KINDS: &[(Kind, u64)] = &[
    (Kind::Kill, 6),
    (Kind::Stop, 6),
    (Kind::Terminate, 3),
    (Kind::Rolling, 1),
    (Kind::Cut, 3),
    (Kind::CutOneWay, 3),
    (Kind::Isolate, 3),
    (Kind::Deafen, 2),
    (Kind::Mute, 2),
    (Kind::Transfer, 3),
    (Kind::Fill, 2),
    (Kind::Wipe, 2),
    (Kind::Corrupt, 1),
];

impl Kind {
    /// Whether another one may come meanwhile: it is over with one step.
    pub(super) fn is_plain(self) -> bool {
        !matches!(self, Kind::Rolling | Kind::Transfer | Kind::Wipe | Kind::Corrupt)
    }

    /// Whether it can be done to those nodes.
    pub fn fits(self, count: usize, can_be_cut: bool, can_be_full: bool) -> bool {
        match self {
            Kind::Kill => true,
            Kind::Stop | Kind::Terminate | Kind::Rolling | Kind::Transfer | Kind::Wipe | Kind::Corrupt => {
                count > 1
            }
            Kind::Cut | Kind::CutOneWay | Kind::Isolate | Kind::Deafen | Kind::Mute => {
                count > 1 && can_be_cut
            }
            Kind::Fill => count > 1 && can_be_full,
        }
    }

    /// The shortest and the longest, milliseconds.
    pub(super) fn lasts(self) -> (u64, u64) {
        match self {
            Kind::Kill => (0, 4000),
            // A lease is 1.5 s.
            Kind::Stop => (200, 8000),
            Kind::Terminate => (0, 1000),
            Kind::Rolling | Kind::Transfer => (0, 1),
            Kind::Fill => (1000, 6000),
            Kind::Wipe | Kind::Corrupt => (0, 2000),
            _ => (500, 8000),
        }
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) at: usize,
    /// The other node, where there is one.
    pub(super) other: usize,
    pub(super) lasts: Duration,
}

/// A damaged node has so long to say that it is ready, or to end.
const DAMAGED: Duration = Duration::from_secs(3);

impl Fault {
    pub(super) fn begin(&self, nodes: &mut Nodes) -> anyhow::Result<()> {
        let at = self.at;
        match self.kind {
            Kind::Kill => nodes.process(at).kill9(),
            Kind::Stop => nodes.process(at).signal("STOP"),
            Kind::Terminate => nodes.process(at).terminate().map(drop),
            Kind::Rolling => (0..nodes.count()).try_for_each(|at| {
                nodes.process(at).terminate()?;
                nodes.launch(at)?;
                nodes.ready()
            }),
            Kind::Transfer => {
                if let Some(id) = block(nodes.votes(at))?
                    && let Err(error) = nodes.operator(self.other).transfer_leader(id)
                {
                    nodes.troubles.push(error.to_string());
                }
                Ok(())
            }
            Kind::Fill => nodes.fill(at),
            Kind::Wipe => {
                nodes.process(at).kill9()?;
                nodes.wipe(at)
            }
            Kind::Corrupt => {
                nodes.process(at).kill9()?;
                let file = damage(&nodes.process(at).data())?;
                nodes.process(at).launch()?;
                sleep(DAMAGED);
                let went = if nodes.process(at).runs() { "runs on" } else { "refuses to start" };
                nodes.notes.push(format!("node {} {went} with a damaged {}", at + 1, file.display()));
                nodes.process(at).kill9()?;
                nodes.wipe(at)
            }
            _ => self.ways(nodes.count()).try_for_each(|(from, to)| nodes.network.cut(from, to)),
        }
    }

    /// Launches what is down, and does not wait for it.
    pub(super) fn heal(&self, nodes: &mut Nodes) -> anyhow::Result<()> {
        let at = self.at;
        match self.kind {
            Kind::Kill | Kind::Terminate => nodes.launch(at),
            Kind::Stop => nodes.process(at).signal("CONT"),
            Kind::Rolling | Kind::Transfer => Ok(()),
            Kind::Fill => nodes.clear(at),
            Kind::Wipe | Kind::Corrupt => {
                let id = block(nodes.id(at))?;
                nodes.operator(self.other).remove(id)?;
                nodes.join(at, self.other)
            }
            _ => self.ways(nodes.count()).try_for_each(|(from, to)| nodes.network.mend(from, to)),
        }
    }

    /// From where to where nothing goes through.
    fn ways(&self, count: usize) -> impl Iterator<Item = (usize, usize)> {
        let (at, other) = (self.at, self.other);
        let all = move || (0..count).filter(move |to| *to != at);
        let out = all().map(move |to| (at, to));
        let back = all().map(move |from| (from, at));
        let ways: Vec<_> = match self.kind {
            Kind::Cut => vec![(at, other), (other, at)],
            Kind::CutOneWay => vec![(at, other)],
            Kind::Isolate => out.chain(back).collect(),
            Kind::Deafen => back.collect(),
            Kind::Mute => out.collect(),
            _ => vec![],
        };
        ways.into_iter()
    }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(future)
}

/// Turns bytes in the middle of the oldest segment of the log, where no crash can have left any. Which file that is.
fn damage(data: &Path) -> anyhow::Result<PathBuf> {
    let files = fs::read_dir(data.join("log"))?.map(|entry| Ok(entry?.path()));
    let files = files.collect::<io::Result<Vec<_>>>()?;
    let is_segment = |path: &PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
    };
    let oldest = files.into_iter().filter(is_segment).min().context("no segment of the log")?;
    let mut bytes = fs::read(&oldest)?;
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
    bytes.iter_mut().skip(written / 2).take(64).for_each(|byte| *byte = !*byte);
    fs::write(&oldest, bytes)?;
    Ok(oldest)
}
