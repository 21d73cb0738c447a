//! A whole node in one thread, on parts in memory, under clients that collide and crashes at any moment: what was
//! acknowledged stays true. A seed that fails is run again by `SIMULATION_SEED=… cargo nextest run -p node simulation`.

// A request's future holds those of all layers below it.
#![recursion_limit = "256"]

use cluster::{Entropy, MemoryFolder, sync_later};
use node::{
    budget::Budget,
    cli::options::engine,
    clock::Clock,
    config::Config,
    engine::Options,
    open::Parts,
    service::{FhirService, Node},
    session::Context,
};
use proto::{Error, TenantId, api::v1 as api};
use std::{cell::RefCell, ops::Range, rc::Rc, sync::Arc, time::Duration};
use storage::{Disk, Store};
use testkit::{
    chaos::{Api, Failure},
    simulation::{self, Host, Outcome},
};

const BUDGET: Budget = Budget { total: 256 << 20, origin: "a simulation" };
/// How long a sync of the simulated disk takes.
const SYNC: Range<Duration> = Duration::from_micros(100)..Duration::from_millis(20);
const CURSOR_KEY: &[u8] = b"of a simulation";

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

/// Small, so that there are flushes, purges and writes over partitions.
fn options() -> Options {
    let mut config = Config::default();
    config.storage.partitions = 3;
    config.log.group_bytes = 64 << 10;
    config.transactions.prepare_timeout_ms = 2_000;
    config.transactions.reservation_timeout_ms = 1_000;
    engine(&BUDGET.fill(config))
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

/// The node's service, asked as the wires ask it.
struct Served(Node);

fn context() -> Context {
    Context {
        tenant: TenantId::DEFAULT,
        request_id: "simulated".into(),
        trace: None,
        deadline: None,
        base: None,
        share: Default::default(),
    }
}

fn failure(error: Error) -> Failure {
    match error.to_detail().may_have_applied {
        true => Failure::Unknown(error.to_string()),
        false => Failure::Refused(Some(error.code), error.to_string()),
    }
}

macro_rules! served {
    ($($call:ident: $request:ident -> $response:ident, of the client $method:ident;)*) => {
        impl Api for Served {
            $(async fn $call(&self, request: api::$request) -> Result<api::$response, Failure> {
                self.0.$call(&context(), request).await.map_err(failure)
            })*
        }
    };
}

testkit::calls_of_a_run!(served);

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

fn holds(outcome: &Outcome) -> bool {
    let report = &outcome.report;
    let good = report.findings.iter().all(|(_, findings)| findings.violations.is_empty());
    good && report.surprises.is_empty()
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
        let differs = first.iter().zip(&again).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert!(first.len() == again.len() && first.len() > 100 && first != run(seed + 1).trace);
    }
}

#[test]
fn a_disk_that_forgets_is_found() {
    let outcome = run_in(World { is_forgetful: true, ..World::new(5) }, 5);
    let violated = outcome.report.findings.iter().filter(|(_, findings)| !findings.violations.is_empty());
    let violated: Vec<_> = violated.map(|(name, _)| *name).collect();
    for name in ["acknowledged writes are there, refused ones are not", "a restart changes nothing"] {
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

macro_rules! seeds {
    ($($name:ident: $seeds:expr;)*) => {
        $(#[test]
        fn $name() {
            hold($seeds);
        })*
    };
}

// In parts, so that all cores have something to do.
seeds! {
    seeds_0_to_24: 0..25;
    seeds_25_to_49: 25..50;
    seeds_50_to_74: 50..75;
    seeds_75_to_99: 75..100;
    seeds_100_to_124: 100..125;
    seeds_125_to_149: 125..150;
    seeds_150_to_174: 150..175;
    seeds_175_to_199: 175..200;
}
