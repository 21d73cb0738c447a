//! The clients of a run: each sends one random request after the other, to few resources, so that they collide.

mod bundle;
mod create;
mod entry;
mod look;
mod pulse;
mod sending;
mod setup;
mod single;

use super::{
    record::{Name, Record},
    wire::{Call, Wire, Wires},
};
use anyhow::Context;
use generator::random::Random;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};
use tokio::time::Instant;

/// What a client does next. The names are those of `--without`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Put,
    PutMatching,
    PutNew,
    Patch,
    PatchMatching,
    Delete,
    Move,
    Append,
    AppendWhere,
    Count,
    Repeat,
    RepeatDelete,
    Create,
    CreateShared,
    CreateWhere,
    CreateWhereBundled,
    Transaction,
    Transfer,
    Pair,
    Read,
    Search,
    VRead,
    InstanceHistory,
    History,
    GroupSearch,
}

/// Each with its weight.
pub const ACTIONS: &[(Action, u64)] = &[
    (Action::Put, 14),
    (Action::PutMatching, 7),
    (Action::PutNew, 3),
    (Action::Patch, 10),
    (Action::PatchMatching, 3),
    (Action::Delete, 5),
    (Action::Move, 4),
    (Action::Append, 8),
    (Action::AppendWhere, 2),
    (Action::Count, 4),
    (Action::Repeat, 6),
    (Action::RepeatDelete, 1),
    (Action::Create, 5),
    (Action::CreateShared, 4),
    (Action::CreateWhere, 7),
    (Action::CreateWhereBundled, 3),
    (Action::Transaction, 6),
    (Action::Transfer, 8),
    (Action::Pair, 5),
    (Action::Read, 14),
    (Action::Search, 10),
    (Action::VRead, 3),
    (Action::InstanceHistory, 2),
    (Action::History, 2),
    (Action::GroupSearch, 9),
];

pub(crate) use pulse::{PREFIX as PULSE, pulse};

/// What the clients of a run share.
pub(crate) struct Shared {
    pub(super) seed: u64,
    pub(super) wires: Wires,
    pub(super) began: Instant,
    pub(super) until: Instant,
    pub(super) actions: Vec<(Action, u64)>,
    pub(super) record: Mutex<Record>,
    /// How often which interaction was answered how.
    pub(super) tally: Mutex<Tally>,
    /// The last that was noted.
    moment: AtomicU64,
}

/// By interaction, wire and answer.
pub(crate) type Tally = BTreeMap<(&'static str, Wire, String), u64>;

/// Makes what the clients write to.
///
/// # Errors
/// A server that does not answer.
pub(crate) async fn set_up(shared: &Arc<Shared>) -> anyhow::Result<()> {
    Worker::new(shared.clone(), 0).set_up().await
}

/// Lets so many clients work until the time is over.
///
/// # Errors
/// A client broke.
pub(crate) async fn work(shared: &Arc<Shared>, clients: u64) -> anyhow::Result<()> {
    let clients: Vec<_> = (1..=clients).map(|n| tokio::spawn(Worker::new(shared.clone(), n).run())).collect();
    for client in clients {
        client.await.context("a client broke")?;
    }
    Ok(())
}

const WARDS: u64 = 5;
const CHARTS: u64 = 5;
const OBSERVATIONS: u64 = 5;
const ACCOUNTS: u64 = 4;
const SUM: i64 = 400;

impl Shared {
    /// For clients that begin now and go on for `time`, and do nothing of `without`.
    pub(crate) fn new(wires: Wires, seed: u64, time: Duration, without: &[Action]) -> Shared {
        let began = Instant::now();
        let kept = ACTIONS.iter().filter(|(action, _)| !without.contains(action));
        Shared {
            seed,
            wires,
            began,
            until: began + time,
            actions: kept.copied().collect(),
            record: Mutex::default(),
            tally: Mutex::default(),
            moment: AtomicU64::new(0),
        }
    }

    /// What was done and seen so far.
    pub(crate) fn recorded(&self) -> Record {
        self.record(|record| record.clone())
    }

    /// How often which interaction was answered how, so far.
    pub(crate) fn tallied(&self) -> Tally {
        self.tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Patients to whom Observations are given and taken away again.
    fn ward(&self, n: u64) -> Name {
        format!("Patient/ward-{}", n % WARDS)
    }

    fn chart(&self, n: u64) -> Name {
        format!("Patient/chart-{}", n % CHARTS)
    }

    fn observation(&self, n: u64) -> Name {
        format!("Observation/obs-{}", n % OBSERVATIONS)
    }

    fn account(&self, kind: &str, n: u64) -> Name {
        format!("{kind}/account-{}", n % ACCOUNTS)
    }

    /// The first half of the pair is one patient, the second another.
    fn pair() -> [Name; 2] {
        ["Patient/pair-left".to_owned(), "Patient/pair-right".to_owned()]
    }

    /// Milliseconds since the run began.
    fn elapsed_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn record<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        change(&mut self.record.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// An acknowledged write under a key, which may be sent again.
struct Remembered {
    call: Call,
    key: String,
    wire: Wire,
    of: sending::Noted,
}

/// One client.
struct Worker {
    shared: Arc<Shared>,
    wires: Wires,
    number: u64,
    random: Random,
    /// Of its writes.
    count: u64,
    remembered: Vec<Remembered>,
}

impl Worker {
    fn new(shared: Arc<Shared>, number: u64) -> Worker {
        let random = Random::of(shared.seed, u64::from_be_bytes(*b"chaos wk"), number);
        let wires = shared.wires.clone();
        Worker { shared, wires, number, random, count: 0, remembered: Vec::new() }
    }

    /// Until the run is over.
    async fn run(mut self) {
        let total = self.shared.actions.iter().map(|(_, weight)| weight).sum();
        while Instant::now() < self.shared.until {
            let mut at = self.random.below(total);
            let chosen = self.shared.actions.iter().find(|(_, weight)| {
                let here = at < *weight;
                at = at.saturating_sub(*weight);
                here
            });
            let Some(&(action, _)) = chosen else { return };
            self.act(action).await;
        }
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Put => self.put_any().await,
            Action::PutMatching => self.put_matching().await,
            Action::PutNew => self.put_new().await,
            Action::Patch => self.patch_any().await,
            Action::PatchMatching => self.patch_matching().await,
            Action::Delete => self.delete_any().await,
            Action::Move => self.give_away().await,
            Action::Append => self.append().await,
            Action::AppendWhere => self.append_where().await,
            Action::Count => self.count_up().await,
            Action::Repeat => self.repeat(false).await,
            Action::RepeatDelete => self.repeat(true).await,
            Action::Create => self.create().await,
            Action::CreateShared => self.create_shared().await,
            Action::CreateWhere => self.create_where().await,
            Action::CreateWhereBundled => self.create_where_bundled().await,
            Action::Transaction => self.transaction().await,
            Action::Transfer => self.transfer().await,
            Action::Pair => self.pair().await,
            Action::Read => self.read_any().await,
            Action::Search => self.search_any().await,
            Action::VRead => self.vread_any().await,
            Action::InstanceHistory => self.instance_history().await,
            Action::History => self.history().await,
            Action::GroupSearch => self.group_search().await,
        }
    }

    /// A name for the next write.
    fn op(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.number, self.count)
    }

    /// Nobody else's: one of the resources that all write.
    fn any(&mut self) -> Name {
        match self.random.chance(500) {
            true => self.shared.chart(self.random.number()),
            false => self.shared.observation(self.random.number()),
        }
    }

    /// The op as an idempotency key, in some of the cases.
    fn maybe_key(&mut self, op: &str) -> Option<String> {
        self.random.chance(500).then(|| op.to_owned())
    }
}

/// For a moment, where the server is away.
const AWAY: Duration = Duration::from_millis(20);
