//! Several whole nodes in one thread, deterministic from a seed: they found a cluster and join it, crash, lose each other, come and
//! go while clients write at any of them; in the end every node shows the same, and all that was acknowledged.
//!
//! | file | is |
//! |---|---|
//! | [`stage`] | the simulator under it: steps through the time, crashes and starts nodes |
//! | [`story`] | a run from its first node to its last look |
//! | [`weather`] | what goes wrong meanwhile: crashes, power cuts, stops, cut and slow ways |
//! | [`plan`] | what operators do meanwhile: nodes join, are drained, emptied, replaced |
//! | [`calm`] | waits until every node is ready and has caught up |
//! | [`doors`], [`operator`] | who asks any node |
//! | [`check`] | the invariants that only a simulator sees, one file each |

mod calm;
pub mod check;
mod doors;
mod operator;
mod plan;
mod stage;
mod story;
mod weather;

pub use doors::Doors;
pub use operator::Operated;
pub use plan::Plan;

use super::{Outcome, network::Ways};
use crate::chaos::Api;
use futures::future::BoxFuture;
use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

/// The nodes of a run, by number from 0: what each is made of, and what of it lasts. The first one founds the cluster.
pub trait Nodes: 'static {
    type Api: Api + Operated + 'static;

    /// Starts one on what its last life left; has it join by way of `others` first where that is nothing. `now_ms`: since
    /// 1970-01-01T00:00:00Z; the async runtime's clock goes on from there.
    fn start(
        &self,
        at: usize,
        now_ms: u64,
        others: Doors<Self::Api>,
    ) -> impl Future<Output = anyhow::Result<Self::Api>>;

    /// After so many more operations its disk takes nothing any more and answers nobody.
    fn break_disk(&self, at: usize, operations: usize);

    /// It is gone: nothing of it does anything any more, and what was not synced is lost.
    fn crash(&self, at: usize);

    /// Stops it in order. It is crashed then.
    fn stop(api: Arc<Self::Api>) -> BoxFuture<'static, ()>;

    /// A node that is gone gets an empty disk.
    fn wipe(&self, at: usize);

    /// `Err` says what a node that is there waits for.
    fn ready(&self, at: usize) -> Result<(), String>;

    /// The ways between them, by [`name`].
    fn ways(&self) -> &dyn Ways;

    /// A checksum of the rows of each partition on a node that is there.
    fn digests(&self, at: usize) -> anyhow::Result<BTreeMap<u32, u32>>;

    /// Each resource, by its name: where the directory says that it is, and where it is. `replicas`: of each partition, the
    /// node, which is there, whose rows are read.
    fn places(&self, replicas: &BTreeMap<u32, usize>) -> anyhow::Result<Vec<Placed>>;

    /// Which nodes, by their ids, spoke as a leader in which group and term.
    fn leaders(&self) -> BTreeMap<(u32, u64), Vec<u64>>;
}

/// One resource as replicas hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// `Type/id`.
    pub name: String,
    /// The compartments where it is now, which should be one.
    pub found: Vec<String>,
    /// Where the directory has it.
    pub told: String,
}

/// The address of a node.
pub fn name(at: usize) -> String {
    format!("n{}", at + 1)
}

/// One run.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Simulated time in which the clients write.
    pub time: Duration,
    pub clients: u64,
    /// Each node's clock is fast by up to so much.
    pub skew: Duration,
    /// `None`: the seed says.
    pub plan: Option<Plan>,
}

/// Runs `nodes` under clients, weather and operators.
///
/// # Errors
/// A node that does not start; a cluster that does not come to rest when nobody disturbs it, or does not answer then; a run that does
/// not end.
pub fn run<N: Nodes>(options: &Options, nodes: Rc<N>) -> anyhow::Result<Outcome> {
    let plot = options.clone();
    stage::run(options, nodes, |stage| async move { story::play(&plot, stage).await })
}
