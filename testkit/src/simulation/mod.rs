//! A whole server in one thread, deterministic from a seed: its clients, its time and its crashes are simulated
//! ([`turmoil`]), and so are the parts below it, which are the [`Host`]'s matter.
//!
//! The clients are those of [`chaos`](crate::chaos), the invariants too; only that here a crash may fall at any point of a
//! request, at a moment that the seed gives, and that the same seed gives the very same run again.

pub mod cluster;
mod door;
pub mod network;

pub use door::Door;

use crate::chaos::{
    Api, Report,
    check::{self, Evidence},
    record::Record,
    survey::Survey,
    wire::{Served, Wires},
    workload::{self, Shared},
};
use door::Guest;
use generator::random::Random;
use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The server of a run: what it is made of, and what of it lasts.
pub trait Host: 'static {
    type Api: Api + 'static;

    /// Starts it on what its last life left. `now_ms`: since 1970-01-01T00:00:00Z; the async runtime's clock goes on from there.
    fn start(&self, now_ms: u64) -> impl Future<Output = anyhow::Result<Self::Api>>;

    /// After so many more operations its disk takes nothing any more and answers nobody: a crash that is about to come cuts off
    /// between any two of them, whatever was under way.
    fn break_disk(&self, operations: usize);

    /// It is gone: nothing of it does anything any more, and what was not synced is lost.
    fn crash(&self);
}

/// One run.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    /// Simulated time in which the clients write.
    pub time: Duration,
    pub clients: u64,
    /// The longest time between two crashes, which come at any moment up to it.
    pub crash_within: Duration,
}

/// What came of a run.
pub struct Outcome {
    pub report: Report,
    /// All that was done and seen, a line each: the same for the same seed.
    pub trace: Vec<String>,
}

/// 2026-01-01T00:00:00Z
const EPOCH_MS: u64 = 1_767_225_600_000;
const NAME: &str = "server";
/// The longest simulated time of a run: reading back takes as long as writing, and a hang must end.
const LONGEST: Duration = Duration::from_secs(600);
const TICK: Duration = Duration::from_millis(1);
/// So long before a crash the disk may be cut off already.
const DYING: Duration = Duration::from_millis(30);
/// After at most so many more operations.
const OPERATIONS: u64 = 24;

/// What the clients came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What the clients write to is made, on a server that stays.
    SettingUp,
    Writing,
    /// The server stays as it is.
    Reading,
    /// It is to be restarted once more.
    Restart,
}

/// Runs `host` under its clients and the seed's crashes.
///
/// # Errors
/// A server that does not start, or does not answer when nobody disturbs it; a run that does not end.
pub fn run<H: Host>(options: &Options, host: Rc<H>) -> anyhow::Result<Outcome> {
    let door: Door<H::Api> = Door::new(options.seed);
    let mut sim = turmoil::Builder::new()
        .rng_seed(options.seed)
        .tick_duration(TICK)
        .simulation_duration(LONGEST)
        .build();
    let (served, at) = (host.clone(), door.clone());
    sim.host(NAME, move || {
        let (host, door) = (served.clone(), at.clone());
        async move {
            let now_ms = EPOCH_MS + turmoil::sim_elapsed().unwrap_or_default().as_millis() as u64;
            let api = host.start(now_ms).await.map_err(|error| error.to_string())?;
            door.serve(api).await;
            Ok(())
        }
    });
    let phase = Rc::new(RefCell::new(Phase::SettingUp));
    let outcome = Arc::new(Mutex::new(None));
    sim.client("clients", clients(options.clone(), Guest::at(&door), phase.clone(), outcome.clone()));
    let crashes = drive(&mut sim, options, &*host, &door, &phase)?;
    let outcome = outcome.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    let mut outcome: Outcome = outcome.ok_or_else(|| anyhow::anyhow!("the clients came to no end"))?;
    outcome.report.starts = crashes;
    Ok(outcome)
}

/// Steps through the time, with crashes. How long the server was away each time.
fn drive<H: Host>(
    sim: &mut turmoil::Sim<'_>,
    options: &Options,
    host: &H,
    door: &Door<H::Api>,
    phase: &RefCell<Phase>,
) -> anyhow::Result<Vec<Duration>> {
    let mut random = Random::of(options.seed, u64::from_be_bytes(*b"sim krsh"), 0);
    let mut until = |least: Duration, most: Duration| {
        least + Duration::from_millis(random.below(most.as_millis() as u64 + 1))
    };
    let mut crash_at = Duration::MAX;
    let mut broken = false;
    let mut crashes = Vec::new();
    while !sim.step().map_err(|error| anyhow::anyhow!("{error}"))? {
        let now = *phase.borrow();
        if now == Phase::Writing && crash_at == Duration::MAX {
            crash_at = sim.elapsed() + until(TICK, options.crash_within);
        }
        if now == Phase::Writing && !broken && sim.elapsed() + DYING >= crash_at {
            // Every second crash comes between two operations of the disk, the others between two ticks.
            let operations = until(Duration::ZERO, Duration::from_millis(2 * OPERATIONS)).as_millis() as u64;
            if operations < OPERATIONS {
                host.break_disk(operations as usize);
            }
            broken = true;
        }
        let is_time = now == Phase::Writing && sim.elapsed() >= crash_at;
        if !is_time && now != Phase::Restart {
            continue;
        }
        door.close();
        // First: what its tasks do while they are dropped harms nobody.
        host.crash();
        broken = false;
        sim.crash(NAME);
        let away = until(Duration::ZERO, Duration::from_millis(50));
        let back = sim.elapsed() + away;
        while sim.elapsed() < back {
            sim.step().map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        sim.bounce(NAME);
        crashes.push(away);
        crash_at = sim.elapsed() + until(TICK, options.crash_within);
        if now == Phase::Restart {
            *phase.borrow_mut() = Phase::Reading;
        }
    }
    Ok(crashes)
}

async fn clients<A: Api + 'static>(
    options: Options,
    guest: Guest<A>,
    phase: Rc<RefCell<Phase>>,
    outcome: Arc<Mutex<Option<Outcome>>>,
) -> turmoil::Result {
    while guest.is_alone() {
        tokio::time::sleep(TICK).await;
    }
    let wires = Wires::of(Served(guest));
    let shared = Arc::new(Shared::new(wires.clone(), options.seed, options.time, &[]));
    workload::set_up(&shared).await.map_err(|error| error.to_string())?;
    *phase.borrow_mut() = Phase::Writing;
    workload::work(&shared, options.clients).await.map_err(|error| error.to_string())?;
    *phase.borrow_mut() = Phase::Reading;
    let record = shared.recorded();
    let survey = Survey::take(&wires, &record).await.map_err(|error| error.to_string())?;
    *phase.borrow_mut() = Phase::Restart;
    while *phase.borrow() == Phase::Restart {
        tokio::time::sleep(TICK).await;
    }
    let after_restart = Survey::take(&wires, &record).await.map_err(|error| error.to_string())?;
    let later = [("after a restart".to_owned(), after_restart)];
    let findings = check::all(&Evidence::new(&record, &survey, &later));
    let trace = trace(&record, &[&survey, &later[0].1]);
    let report = Report {
        run: format!("{options:?}"),
        tally: shared.tallied(),
        findings,
        surprises: record.surprises,
        ..Report::default()
    };
    *outcome.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(Outcome { report, trace });
    Ok(())
}

pub(crate) fn trace(record: &Record, surveys: &[&Survey]) -> Vec<String> {
    fn lines<T: std::fmt::Debug>(all: &[T]) -> impl Iterator<Item = String> {
        all.iter().map(|one| format!("{one:?}"))
    }
    let done = lines(&record.writes).chain(lines(&record.creates));
    let seen = lines(&record.sights).chain(lines(&record.pages)).chain(lines(&record.groups));
    let found = lines(&record.finds).chain(surveys.iter().flat_map(|survey| survey.lines()));
    done.chain(seen).chain(found).collect()
}
