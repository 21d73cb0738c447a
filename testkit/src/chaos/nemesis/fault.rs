//! What can go wrong, how it begins and how it is made good.

use crate::chaos::{kind::Kind, nodes::Nodes};
use anyhow::Context;
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

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
