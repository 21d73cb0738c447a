//! One running group, in this crate's terms.

use super::beat::{self, Heard};
use super::life::{Life, Making, has_others};
use super::machine::Lasting;
use super::network::Network;
use super::reply::Reply;
use super::snapshot::Arriving;
use super::{Proposal, Raft, Target, Types};
use crate::admission::Permit;
use crate::error::{Error, ProposeError, ReadError};
use crate::options::{Options, Proof};
use crate::witness::{Outcome, Witness};
use futures::FutureExt;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::{ClientWriteError, Fatal, LinearizableReadError, RaftError};
use openraft::raft::ClientWriteResult;
use openraft::{BasicNode, RaftMetrics, ReadPolicy, ServerState};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{RwLock, oneshot, watch};
use tokio::time::{Instant, timeout};

/// A proposal that is in the group's queue.
pub(crate) struct Proposed(oneshot::Receiver<ClientWriteResult<Types>>);

impl Proposed {
    /// What became of it.
    pub(crate) async fn outcome(self) -> Outcome {
        self.0.await.map_or_else(|_| Err(ProposeError::stopped()), read)
    }
}

/// The library's answer in this crate's terms.
fn read(result: ClientWriteResult<Types>) -> Outcome {
    match result {
        Ok(response) => Ok(response.data),
        // The library answers this only before it appends.
        Err(ClientWriteError::ForwardToLeader(to)) => Err(ProposeError::NotLeader { leader: to.leader_id }),
        Err(error) => Err(ProposeError::Unknown(error.to_string())),
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(super) group: u32,
    pub(super) node_id: u64,
    pub(super) target: Target,
    pub(super) making: Arc<Making>,
    /// What runs now.
    pub(super) life: Arc<watch::Sender<Life>>,
    /// It has ended, or is about to, and another one follows.
    pub(super) vacating: Arc<AtomicBool>,
    /// Held by whoever answers another node; closed while nothing runs.
    pub(super) gate: Arc<RwLock<()>>,
    pub(super) lasting: Lasting,
    pub(super) arriving: Arriving,
    /// This node is on its way out, and leads nothing any more.
    pub(super) leaving: Arc<AtomicBool>,
    /// Others may get a vote from now on: the only voter's short way to a read is closed (decisions/0003).
    pub(super) may_have_others: Arc<AtomicBool>,
    pub(super) lease: Duration,
    pub(super) heard: Heard,
}

impl Handle {
    /// Opens the group's log and tables and starts it.
    pub(crate) async fn open(making: Making) -> Result<Handle, Error> {
        let Network { group, node_id, .. } = making.network;
        let applied = making.target.applied().0.map_or(0, |id| id.index + 1);
        // A group votes before it has its first entry.
        if applied > 0 && making.log.state(group).vote.is_none() {
            return Err(Error::LogLost { group, applied });
        }
        making.end_clearing().await?;
        let (lasting, leaving) = (Lasting::default(), Arc::new(AtomicBool::new(false)));
        let life = making.begin(lasting.clone(), leaving.clone()).await?;
        Ok(Handle {
            group,
            node_id,
            target: making.target.clone(),
            life: Arc::new(watch::Sender::new(life)),
            vacating: Arc::default(),
            gate: Arc::default(),
            lasting,
            arriving: Arriving::new(making.meters.clone()),
            leaving,
            may_have_others: Arc::default(),
            lease: making.options.lease(),
            heard: Heard::default(),
            making: Arc::new(making),
        })
    }

    pub(super) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    pub(super) fn raft(&self) -> Raft {
        self.life.borrow().raft.clone()
    }

    /// Makes this node the only voter of a new group, where it `founds` the cluster; has an only voter elect itself without
    /// waiting.
    pub(crate) async fn bootstrap(&self, founds: bool, options: &Options) -> Result<(), Error> {
        let fail = |reason: String| Error::Raft { group: self.group, reason };
        let life = self.life();
        if !life.has_caught_up() {
            // It is nobody's only voter, whatever its log says of the time before it was forgotten.
            return Ok(());
        }
        if !life.raft.is_initialized().await.map_err(|error| fail(error.to_string()))? {
            if !founds {
                return Ok(());
            }
            let node = BasicNode { addr: options.address.clone() };
            let members = BTreeMap::from([(self.node_id, node)]);
            return life.raft.initialize(members).await.map_err(|error| fail(error.to_string()));
        }
        if self.is_only_voter(&life.raft.metrics().borrow_watched()) {
            life.raft.trigger().elect(false).await.map_err(|error| fail(error.to_string()))?;
        }
        Ok(())
    }

    /// Where nobody else decides: until this node leads the group and has applied everything that was in its log. Where others do,
    /// nothing is waited for: whoever asks for something here waits for what that needs, or is sent to them.
    pub(crate) async fn ready(&self, founds: bool, options: &Options) -> Result<(), Error> {
        let (at_start, decides_alone) = {
            let life = self.life();
            let metrics = life.raft.metrics();
            let metrics = metrics.borrow_watched();
            let alone = !has_others(&metrics, self.node_id) && life.has_caught_up();
            // A founder's first membership is on its way.
            (metrics.last_log_index, alone && (founds || self.is_only_voter(&metrics)))
        };
        if !decides_alone {
            return Ok(());
        }
        let ready = |metrics: &RaftMetrics<Types>| {
            let applied = metrics.last_applied.as_ref().map(|id| id.index);
            let leads = metrics.state != ServerState::Leader || leads_ready(metrics);
            metrics.running_state.is_err()
                || (metrics.current_leader.is_some() && applied.is_some() && applied >= at_start && leads)
        };
        let found = self.raft().wait(Some(options.start_timeout)).metrics(ready, "ready").await;
        let seconds = options.start_timeout.as_secs();
        let metrics = found.map_err(|_| Error::NotReady { group: self.group, seconds })?;
        metrics.running_state.map_err(|error| Error::Raft { group: self.group, reason: error.to_string() })
    }

    /// Puts the proposal into the group's queue, at once and in call order.
    pub(crate) fn propose(&self, proposal: Proposal, permit: Permit) -> Result<Proposed, ProposeError> {
        let (reply, outcome) = Reply::new(permit);
        self.enqueue(proposal, reply).map(|()| Proposed(outcome))
    }

    /// The same; `witness` is told the outcome. What it is told after an error does not matter.
    pub(crate) fn propose_before(
        &self,
        proposal: Proposal,
        permit: Permit,
        witness: Arc<dyn Witness>,
    ) -> Result<(), ProposeError> {
        self.enqueue(proposal, Reply::witnessed(permit, witness, read))
    }

    fn enqueue(
        &self,
        proposal: Proposal,
        reply: Reply<ClientWriteResult<Types>>,
    ) -> Result<(), ProposeError> {
        let raft = self.raft();
        let send = raft.client_write_ff(proposal, Some(reply));
        // One poll puts it into the library's channel, which is longer than the admission is wide. Unconstrained,
        // or a task that used up its budget would see a full channel.
        match tokio::task::coop::unconstrained(send).now_or_never() {
            Some(Ok(())) => Ok(()),
            Some(Err(Fatal::Stopped)) => Err(ProposeError::Shutdown),
            Some(Err(error)) => Err(ProposeError::Unavailable(error.to_string())),
            None => Err(self.failure().map_or(ProposeError::Overloaded, ProposeError::Unavailable)),
        }
    }

    /// Why the group does not run any more, if it failed. One that was shut down did not.
    pub(crate) fn failure(&self) -> Option<String> {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        let fatal = metrics.running_state.as_ref().err();
        fatal.filter(|fatal| !matches!(fatal, Fatal::Stopped)).map(ToString::to_string)
    }

    /// Whether this node leads and has applied everything of earlier terms.
    pub(crate) fn leads(&self) -> bool {
        leads_ready(&self.raft().metrics().borrow_watched())
    }

    /// Whether rows of another node are here that the observer has not taken in yet.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.lasting.rebuilding.load(Ordering::Acquire)
    }

    /// Who leads, as far as is known here.
    pub(crate) fn leader(&self) -> Option<u64> {
        self.raft().metrics().borrow_watched().current_leader
    }

    /// Whether another node is known to lead.
    pub(crate) fn follows(&self) -> bool {
        self.leader().is_some_and(|leader| leader != self.node_id)
    }

    /// How many entries are in the log, and how many of them are committed, since the log began.
    pub(crate) fn appended(&self) -> (u64, u64) {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        let count = |index: Option<u64>| index.map_or(0, |index| index + 1);
        (count(metrics.last_log_index), count(metrics.local_committed.as_ref().map(|id| id.index)))
    }

    /// After this, a read of the applied state sees every write acknowledged before the call.
    pub(crate) async fn read_barrier(&self) -> Result<(), ReadError> {
        if self.is_sole_leader() {
            return Ok(());
        }
        self.raft().ensure_linearizable(self.policy()).await.map(drop).map_err(unproved)
    }

    /// How many entries a replica must have in its tables to have all that was acknowledged before the call. Only the leader
    /// knows.
    pub(crate) async fn position(&self) -> Result<u64, ReadError> {
        let read = self.raft().get_read_log_id(self.policy()).await.map_err(unproved)?;
        Ok(read.0.index() + 1)
    }

    fn policy(&self) -> ReadPolicy {
        match self.making.options.proof {
            Proof::Lease => ReadPolicy::LeaseRead,
            Proof::Quorum => ReadPolicy::ReadIndex,
        }
    }

    /// Waits until so many entries are in the tables here; `false` where that took too long.
    pub(crate) async fn reached(&self, entries: u64, within: Duration) -> bool {
        if *self.lasting.heard.borrow() >= entries {
            return true;
        }
        let mut heard = self.lasting.heard.subscribe();
        matches!(timeout(within, heard.wait_for(|has| *has >= entries)).await, Ok(Ok(_)))
    }

    /// From now on this node leads the group no more: nobody is to hand it over to it.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        self.raft().runtime_config().elect(false);
    }

    /// Whether this node would lead the group.
    pub(crate) fn is_willing(&self) -> bool {
        let life = self.life();
        !self.leaving.load(Ordering::Acquire)
            && !self.is_rebuilding()
            && Instant::now() >= life.promised_until
            && life.has_caught_up()
    }

    /// Whether this node votes in the group, as far as is known here.
    pub(crate) fn votes(&self) -> bool {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        metrics.membership_config.membership().voter_ids().any(|voter| voter == self.node_id)
    }

    /// Nobody else can commit anything, and all that was acknowledged is applied: no barrier is needed
    /// (decisions/0003).
    fn is_sole_leader(&self) -> bool {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        !self.may_have_others.load(Ordering::SeqCst) && leads_ready(&metrics) && self.is_only_voter(&metrics)
    }

    fn is_only_voter(&self, metrics: &RaftMetrics<Types>) -> bool {
        let only = |membership: &super::StoredMembership| {
            let configs = membership.membership().get_joint_config();
            configs.len() == 1 && configs[0].len() == 1 && configs[0].contains(&self.node_id)
        };
        only(&metrics.membership_config) && only(&metrics.committed_membership_config)
    }

    /// Calls `change` with each gain and loss of (ready) leadership, until the group stops for good.
    pub(crate) async fn watch_leadership(&self, change: impl Fn(bool)) {
        let mut lives = self.life.subscribe();
        loop {
            let raft = lives.borrow_and_update().raft.clone();
            watch_leadership(&raft, &change).await;
            // In this order: who vacates says so until the next life is there.
            let is_vacating = self.vacating.load(Ordering::Acquire);
            if !is_vacating && !lives.has_changed().unwrap_or_default() || lives.changed().await.is_err() {
                return;
            }
        }
    }

    /// What is due at every heartbeat.
    pub(crate) async fn beat(&self) {
        beat::beat(&self.raft(), &self.heard, self.lease).await;
    }

    /// Has the tables flushed and the log purged up to there. Returns at once.
    pub(crate) async fn flush(&self) {
        // An error means that the group stopped, which is reported elsewhere.
        let _ = self.raft().trigger().snapshot().await;
    }

    /// Returns when nothing of it uses log or tables any more.
    pub(crate) async fn shutdown(&self) -> Result<(), Error> {
        self.life().end().await.map_err(|error| self.making.fail(error))
    }
}

/// Until this life of a group ends.
async fn watch_leadership(raft: &Raft, change: &impl Fn(bool)) {
    let mut server = raft.server_metrics();
    let mut leads = false;
    loop {
        let is_leader = server.borrow_watched().state == ServerState::Leader;
        let ready = is_leader && wait_leads(raft).await;
        if ready != leads {
            leads = ready;
            change(leads);
        }
        if server.changed().await.is_err() {
            break;
        }
    }
    if leads {
        change(false);
    }
}

async fn wait_leads(raft: &Raft) -> bool {
    let settled = |metrics: &RaftMetrics<Types>| {
        metrics.running_state.is_err() || metrics.state != ServerState::Leader || leads_ready(metrics)
    };
    let found = raft.wait(None).metrics(settled, "leadership settled").await;
    found.is_ok_and(|metrics| leads_ready(&metrics))
}

/// Why a linearizable read is not possible, in this crate's terms.
fn unproved(error: RaftError<Types, LinearizableReadError<Types>>) -> ReadError {
    match error {
        RaftError::APIError(LinearizableReadError::ForwardToLeader(to)) => {
            ReadError::NotLeader { leader: to.leader_id }
        }
        RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)) => ReadError::NoQuorum,
        RaftError::Fatal(error) => ReadError::Unavailable(error.to_string()),
    }
}

/// The leader's first entry of its term is applied, so everything before it is.
fn leads_ready(metrics: &RaftMetrics<Types>) -> bool {
    metrics.state == ServerState::Leader
        && metrics.running_state.is_ok()
        && metrics.last_applied.as_ref().is_some_and(|id| id.leader_id.term == metrics.current_term)
}
