//! What a run is.

use super::{
    kind::{KINDS, Kind},
    workload::Action,
};
use std::{fmt, path::PathBuf, time::Duration};

/// One run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `salamander`.
    pub binary: PathBuf,
    pub seed: u64,
    /// How long the clients write; reading back takes about as long again, for each node.
    pub time: Duration,
    pub clients: u64,
    /// 1: one node; more: a cluster of so many.
    pub nodes: usize,
    /// Pause before something goes wrong, on average; `None`: nothing does.
    pub kill_every: Option<Duration>,
    /// What goes wrong, as far as it can be done here.
    pub faults: Vec<Kind>,
    /// Options of the nodes and their values, such as `storage.partitions` and `16`.
    pub set: Vec<(String, String)>,
    /// What the clients do not do.
    pub without: Vec<Action>,
    /// Where the nodes' logs stay; `None`: nowhere.
    pub logs: Option<PathBuf>,
    /// What goes wrong is told on stderr as it does.
    pub told: bool,
}

impl Options {
    /// Half a minute of twelve clients at one node, with a kill every three seconds.
    pub fn new(binary: impl Into<PathBuf>, seed: u64) -> Options {
        Options {
            binary: binary.into(),
            seed,
            time: Duration::from_secs(30),
            clients: 12,
            nodes: 1,
            kill_every: Some(Duration::from_secs(3)),
            faults: KINDS.iter().map(|(kind, _)| *kind).collect(),
            set: Vec::new(),
            without: Vec::new(),
            logs: None,
            told: false,
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { seed, time, clients, nodes, kill_every, faults, set, without, .. } = self;
        write!(f, "seed {seed}, {time:?}, {clients} clients, {nodes} nodes, ")?;
        match kill_every {
            Some(every) if *nodes == 1 => write!(f, "kills every {every:?}")?,
            Some(every) => write!(f, "faults every {every:?} of {faults:?}")?,
            None => write!(f, "no faults")?,
        }
        set.iter().try_for_each(|(option, value)| write!(f, ", {option} {value}"))?;
        write!(f, ", without {without:?}")
    }
}
