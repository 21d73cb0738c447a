//! One run of a group in the library, and what the next one is made of: the rows of a replica that went elsewhere go between two.

use super::codec::{self, Forgotten};
use super::log::{Log, log_state};
use super::machine::Lasting;
use super::network::Network;
use super::runtime;
use super::{LogId, Machine, Raft, Target, Types};
use crate::admission::Admission;
use crate::error::Error;
use crate::meters::Meters;
use crate::options::Options;
use openraft::async_runtime::WatchReceiver;
use openraft::{Config, RaftMetrics, SnapshotPolicy};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use storage::log::LogStore;
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until};

/// What a group is made of.
pub(crate) struct Making {
    pub(crate) options: Options,
    pub(crate) log: Arc<dyn LogStore>,
    pub(crate) queue: Arc<Semaphore>,
    pub(crate) admission: Arc<Admission>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) network: Network,
    pub(crate) target: Target,
    /// Of its random numbers, in simulation.
    pub(crate) seed: Option<u64>,
}

/// One run. Cheap to clone.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) raft: Raft,
    /// Until then it may be bound by what an earlier one promised a leader.
    pub(super) promised_until: Instant,
    /// The last entry of a replica that was here before and was forgotten.
    forgotten: Option<LogId>,
    /// Its log has been as far as that.
    caught_up: Arc<AtomicBool>,
    log: Arc<dyn LogStore>,
    group: u32,
    /// Ends when the last part that uses log or tables is gone.
    ended: Arc<Mutex<mpsc::Receiver<Infallible>>>,
}

impl Making {
    pub(super) fn fail(&self, reason: impl ToString) -> Error {
        Error::Raft { group: self.network.group, reason: reason.to_string() }
    }

    /// What is known of a replica that was here before.
    pub(super) fn forgotten(&self) -> Result<Option<Forgotten>, Error> {
        let stored = self.log.state(self.network.group).vote;
        let forgotten = stored.map(codec::decode_forgotten).transpose().map_err(|error| self.fail(error))?;
        Ok(forgotten.flatten())
    }

    /// Begins a run on what log and tables have.
    pub(super) async fn begin(&self, lasting: Lasting, leaving: Arc<AtomicBool>) -> Result<Life, Error> {
        let Network { group, node_id, .. } = self.network;
        let piece_bytes = self.network.means.piece_bytes;
        let (alive, ended) = mpsc::channel(1);
        let (target, meters) = (self.target.clone(), self.meters.clone());
        let admission = self.admission.clone();
        let machine = Machine::new(target, lasting, admission, meters.clone(), piece_bytes, alive.clone());
        let has_voted = self.log.state(group).vote.is_some();
        let forgotten = self.forgotten()?.map(|forgotten| forgotten.last);
        let config = Arc::new(config(&self.options).validate().map_err(|error| self.fail(error))?);
        let log = Log::new(group, self.log.clone(), self.queue.clone(), meters, alive);
        let raft = Raft::new(node_id, config, self.network.clone(), log, machine);
        let raft = runtime::seeded(self.seed, raft).await.map_err(|error| self.fail(error))?;
        // As its log has it, which may be further than the tables.
        let has_others = has_others(&raft.metrics().borrow_watched(), node_id);
        let is_bound = has_voted && (has_others || forgotten.is_some());
        let promised_until = Instant::now() + if is_bound { self.options.lease() } else { Duration::ZERO };
        let (log, ended) = (self.log.clone(), Arc::new(Mutex::new(ended)));
        let caught_up = Arc::new(AtomicBool::new(forgotten.is_none()));
        let life = Life { raft, promised_until, forgotten, caught_up, log, group, ended };
        if is_bound {
            life.raft.runtime_config().elect(false);
            tokio::spawn(life.clone().stand_later(leaving));
        }
        Ok(life)
    }
}

impl Life {
    /// Has it stand for election as soon as it may.
    async fn stand_later(self, leaving: Arc<AtomicBool>) {
        sleep_until(self.promised_until).await;
        let ready = |metrics: &RaftMetrics<Types>| metrics.running_state.is_err() || self.has_caught_up();
        if self.raft.wait(None).metrics(ready, "what was forgotten is here again").await.is_ok() {
            self.raft.runtime_config().elect(!leaving.load(Ordering::Acquire));
        }
    }

    /// Whether its log is as far as that of a replica that was here before. Until then it must not stand for election: it would
    /// be its own voter, and that replica would have voted for nobody who has so little.
    pub(super) fn has_caught_up(&self) -> bool {
        if self.caught_up.load(Ordering::Acquire) {
            return true;
        }
        let last = log_state(&*self.log, self.group).map(|state| state.last_log_id);
        let caught_up = last.is_ok_and(|last| last >= self.forgotten);
        self.caught_up.fetch_or(caught_up, Ordering::AcqRel);
        caught_up
    }

    /// Whether a replica that was here before would have voted for who has that last entry.
    pub(super) fn may_vote_for(&self, last: Option<LogId>) -> bool {
        last >= self.forgotten
    }

    /// Ends it; returns when nothing of it uses log or tables any more.
    pub(super) async fn end(&self) -> Result<(), String> {
        let stopped = self.raft.shutdown().await.map_err(|error| error.to_string());
        let _ = self.ended.lock().await.recv().await;
        stopped
    }
}

/// Whether other nodes have votes, as the log has it.
pub(super) fn has_others(metrics: &RaftMetrics<Types>, node_id: u64) -> bool {
    metrics.membership_config.membership().voter_ids().any(|voter| voter != node_id)
}

fn config(options: &Options) -> Config {
    let heartbeat = options.heartbeat.as_millis() as u64;
    Config {
        cluster_name: "salamander".to_owned(),
        heartbeat_interval: heartbeat,
        // Half of it: they are sent at every heartbeat, give or take a little.
        heartbeat_min_interval: Some(heartbeat / 2),
        // The library's lease is as long as the longest of these.
        election_timeout_min: options.lease().as_millis() as u64 / 2,
        election_timeout_max: options.lease().as_millis() as u64,
        enable_pre_vote: Some(true),
        // A restored leader would not write an entry of a new term, which is how readiness is told.
        enable_leader_restore: Some(false),
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 0,
        // Longer than the admission is wide, see `Handle::propose`.
        api_channel_size: Some(2 * options.proposals_max as u64 + 1024),
        ..Config::default()
    }
}
