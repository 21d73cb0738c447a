//! One node, under crashes at any moment.

use crate::{
    holds,
    options::{CURSOR_KEY, SYNC, options},
    seeds,
    served::Served,
};
use cluster::{Entropy, MemoryFolder, sync_later};
use node::{clock::Clock, open::Parts, service::Node};
use std::{cell::RefCell, ops::Range, rc::Rc, sync::Arc, time::Duration};
use storage::{Disk, Store};
use testkit::simulation::{self, Host, Outcome};

/// What outlives a crash.
struct World {
    entropy: Entropy,
    disk: RefCell<Disk>,
    folder: RefCell<MemoryFolder>,
    /// A crash takes everything away.
    is_forgetful: bool,
}

impl World {
    fn new(seed: u64) -> World {
        let (entropy, disk, folder) = (Entropy::seeded(seed), RefCell::default(), RefCell::default());
        World { entropy, disk, folder, is_forgetful: false }
    }

    fn seed(&self) -> Entropy {
        Entropy::seeded(self.entropy.number())
    }
}

impl Host for World {
    type Api = Served;

    async fn start(&self, now_ms: u64) -> anyhow::Result<Served> {
        let options = options();
        let log = Arc::new(self.disk.borrow().open_log());
        tokio::spawn(sync_later(log.clone(), self.seed(), SYNC));
        let parts = Parts {
            store: Arc::new(Store::in_memory(&self.disk.borrow())),
            log,
            search: search::Engine::in_memory(&options.search, CURSOR_KEY),
            folder: Arc::new(self.folder.borrow().clone()),
            transport: Arc::new(cluster::Nowhere),
            clock: Clock::of_runtime(now_ms),
            entropy: self.seed(),
        };
        Ok(Served(Node::of(options, parts).await?))
    }

    fn break_disk(&self, operations: usize) {
        self.disk.borrow().break_log_after(operations);
    }

    fn crash(&self) {
        self.disk.borrow().crash();
        if self.is_forgetful {
            (*self.disk.borrow_mut(), *self.folder.borrow_mut()) = (Disk::default(), MemoryFolder::default());
            return;
        }
        let left = self.folder.borrow().after_crash();
        *self.folder.borrow_mut() = left;
    }
}

fn run(seed: u64) -> Outcome {
    run_in(World::new(seed), seed)
}

fn run_in(world: World, seed: u64) -> Outcome {
    let options = simulation::Options {
        seed,
        time: Duration::from_secs(6),
        clients: 8,
        crash_within: Duration::from_millis(700),
    };
    simulation::run(&options, Rc::new(world)).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
}

fn hold(seeds: Range<u64>) {
    let (runs, mut crashes, mut done) = (seeds.end - seeds.start, 0, 0);
    for seed in seeds {
        let outcome = run(seed);
        assert!(holds(&outcome), "{}", outcome.report);
        crashes += outcome.report.starts.len() as u64;
        done += outcome.report.done();
    }
    // One crash is of every run, the last; and what is never done says nothing.
    assert!(crashes > 5 * runs && done > 500 * runs, "{crashes} crashes, {done} done in {runs} runs");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in [7, 99, 4711] {
        let (first, again) = (run(seed).trace, run(seed).trace);
        super::assert_same(seed, &first, &again);
        assert!(first.len() > 100 && first != run(seed + 1).trace);
    }
}

#[test]
fn a_disk_that_forgets_is_found() {
    let outcome = run_in(World { is_forgetful: true, ..World::new(5) }, 5);
    let violated = outcome.report.findings.iter().filter(|(_, findings)| !findings.violations.is_empty());
    let violated: Vec<_> = violated.map(|(name, _)| *name).collect();
    for name in [
        "acknowledged writes are there, refused ones are not",
        "every node, also after a restart, says the same",
    ] {
        assert!(violated.contains(&name), "{name}: {violated:?}");
    }
}

#[test]
fn the_seed_that_is_asked_for() {
    let Ok(seed) = std::env::var("SIMULATION_SEED") else { return };
    let outcome = run(seed.parse().expect("a number"));
    println!("{}\n{}", outcome.trace.join("\n"), outcome.report);
    assert!(holds(&outcome), "{}", outcome.report);
}

// In parts, so that all cores have something to do.
seeds! {
    hold;
    seeds_0_to_24: 0..25;
    seeds_25_to_49: 25..50;
    seeds_50_to_74: 50..75;
    seeds_75_to_99: 75..100;
    seeds_100_to_124: 100..125;
    seeds_125_to_149: 125..150;
    seeds_150_to_174: 150..175;
    seeds_175_to_199: 175..200;
}
