//! The simulator: a runtime for each node and one for who asks; what is to happen to nodes happens between two steps.

use super::{Doors, Nodes, Options, name};
use crate::simulation::{EPOCH_MS, LONGEST, Outcome, TICK, door::Door};
use generator::random::Random;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};
use tokio::time::sleep;

/// What is to happen to a node.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// The first time.
    Place(usize),
    Crash(usize),
    Start(usize),
}

/// Where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Being {
    Up,
    /// It comes back by whoever took it away.
    Away,
    /// It never comes back.
    Gone,
}

/// The nodes in their simulator, for the story's side.
pub(super) struct Stage<N: Nodes> {
    pub(super) nodes: Rc<N>,
    pub(super) doors: Doors<N::Api>,
    beings: RefCell<Vec<Being>>,
    deeds: RefCell<VecDeque<Deed>>,
    crashes: Cell<u64>,
    /// What happened, in the order in which it did.
    told: RefCell<Vec<String>>,
}

/// What a node has to answer who is inside, and to stop.
const GRACE: Duration = Duration::from_secs(2);
/// So long before a crash the disk may be cut off already.
const DYING: Duration = Duration::from_millis(30);
/// After at most so many more operations.
const OPERATIONS: u64 = 24;

impl<N: Nodes> Stage<N> {
    /// A new node, which starts now. Its number.
    pub(super) fn place(&self) -> usize {
        let at = self.beings.borrow().len();
        self.beings.borrow_mut().push(Being::Up);
        self.doors.add(Door::new(at as u64));
        self.tell(&format!("{} is new", name(at)));
        self.deeds.borrow_mut().push_back(Deed::Place(at));
        at
    }

    /// Takes a node away: between two ticks, or between two operations of its disk. `false`: somebody else has already.
    pub(super) async fn crash(&self, at: usize, random: &mut Random) -> bool {
        if self.beings.borrow()[at] != Being::Up {
            return false;
        }
        self.set(at, Being::Away);
        let operations = random.below(2 * OPERATIONS);
        if operations < OPERATIONS {
            self.nodes.break_disk(at, operations as usize);
            sleep(Duration::from_millis(random.below(DYING.as_millis() as u64))).await;
        }
        self.tell(&format!("{} crashes", name(at)));
        self.crashes.set(self.crashes.get() + 1);
        self.deeds.borrow_mut().push_back(Deed::Crash(at));
        self.done().await;
        true
    }

    /// Has a node end as it does when it is told to. `false`: it is away already.
    pub(super) async fn stop(&self, at: usize) -> bool {
        if self.beings.borrow()[at] != Being::Up {
            return false;
        }
        self.set(at, Being::Away);
        self.tell(&format!("{} stops", name(at)));
        self.doors.guest(at).end(GRACE, N::stop).await;
        self.tell(&format!("{} has stopped", name(at)));
        self.crashes.set(self.crashes.get() + 1);
        self.deeds.borrow_mut().push_back(Deed::Crash(at));
        self.done().await;
        true
    }

    pub(super) async fn start(&self, at: usize) {
        self.tell(&format!("{} starts", name(at)));
        self.deeds.borrow_mut().push_back(Deed::Start(at));
        self.done().await;
        self.set(at, Being::Up);
    }

    /// It crashed, and never comes back.
    pub(super) fn bury(&self, at: usize) {
        self.set(at, Being::Gone);
    }

    async fn done(&self) {
        while !self.deeds.borrow().is_empty() {
            sleep(TICK).await;
        }
    }

    fn set(&self, at: usize, being: Being) {
        self.beings.borrow_mut()[at] = being;
    }

    pub(super) fn all(&self, being: Being) -> Vec<usize> {
        let beings = self.beings.borrow();
        (0..beings.len()).filter(|at| beings[*at] == being).collect()
    }

    pub(super) fn crashes(&self) -> u64 {
        self.crashes.get()
    }

    /// A line of the trace.
    pub(super) fn tell(&self, what: &str) {
        let at = turmoil::sim_elapsed().unwrap_or_default();
        self.told.borrow_mut().push(format!("{at:?}, {} messages: {what}", self.nodes.ways().messages()));
    }

    pub(super) fn told(&self) -> Vec<String> {
        self.told.borrow().clone()
    }
}

/// Has the story played on `nodes`.
pub(super) fn run<N: Nodes, F: Future<Output = anyhow::Result<Outcome>> + 'static>(
    options: &Options,
    nodes: Rc<N>,
    story: impl FnOnce(Rc<Stage<N>>) -> F,
) -> anyhow::Result<Outcome> {
    let mut sim = turmoil::Builder::new()
        .rng_seed(options.seed)
        .tick_duration(TICK)
        .simulation_duration(LONGEST)
        .build();
    let stage = Rc::new(Stage {
        nodes,
        doors: Doors::new(),
        beings: RefCell::default(),
        deeds: RefCell::default(),
        crashes: Cell::new(0),
        told: RefCell::default(),
    });
    let outcome = Rc::new(RefCell::new(None));
    let (told, kept) = (story(stage.clone()), outcome.clone());
    sim.client("story", async move {
        let told = told.await.map_err(|error| format!("{error:#}"))?;
        *kept.borrow_mut() = Some(told);
        Ok(())
    });
    let failed = |error: Box<dyn std::error::Error>| anyhow::anyhow!("{error}\n{}", stage.told().join("\n"));
    while !sim.step().map_err(failed)? {
        let deeds: Vec<Deed> = stage.deeds.borrow_mut().drain(..).collect();
        deeds.into_iter().for_each(|deed| carry_out(&mut sim, options, &stage, deed));
    }
    let outcome = outcome.borrow_mut().take();
    outcome.ok_or_else(|| anyhow::anyhow!("the story came to no end"))
}

fn carry_out<N: Nodes>(sim: &mut turmoil::Sim<'_>, options: &Options, stage: &Rc<Stage<N>>, deed: Deed) {
    match deed {
        Deed::Crash(at) => {
            stage.doors.of(at).close();
            // First: what its tasks do while they are dropped harms nobody.
            stage.nodes.crash(at);
            sim.crash(name(at));
        }
        Deed::Start(at) => sim.bounce(name(at)),
        Deed::Place(at) => {
            let stage = stage.clone();
            let mut random = Random::of(options.seed, u64::from_be_bytes(*b"sim skew"), at as u64);
            let skew = random.below(options.skew.as_millis() as u64 + 1);
            sim.host(name(at), move || {
                let (nodes, doors) = (stage.nodes.clone(), stage.doors.clone());
                async move {
                    let now_ms =
                        EPOCH_MS + skew + turmoil::sim_elapsed().unwrap_or_default().as_millis() as u64;
                    let api = nodes.start(at, now_ms, doors.clone()).await;
                    let api = api.map_err(|error| format!("{} does not start: {error:#}", name(at)))?;
                    doors.of(at).serve(api).await;
                    Ok(())
                }
            });
        }
    }
}
