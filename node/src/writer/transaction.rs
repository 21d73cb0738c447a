//! The steps of a transaction across partitions, each logged: [`two_phase`](super::two_phase) says what they are for.

use super::part::{Part, Parts};
use crate::engine::Engine;
use bytes::Bytes;
use futures::future::{join_all, try_join_all};
use proto::{Code, Error, PartitionId, TenantId, log::v1 as log};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use storage::{Applied, Prepared};
use tokio::time::{Instant, sleep, timeout};

/// Whether what a Decide answered means that the transaction is committed; anything else means that it is aborted.
pub fn committed(decision: &Applied) -> bool {
    matches!(decision, Applied::Decided { commit: true })
}

/// A transaction under way.
#[derive(Clone)]
pub struct Transaction {
    id: Bytes,
    tenant: TenantId,
    coordinator: PartitionId,
    participants: Vec<PartitionId>,
    /// Its participants have no resources to show.
    is_quiet: bool,
    /// A decision to commit is on its way, and may arrive whenever it likes.
    commit_is_sent: Arc<AtomicBool>,
}

/// A step that does no harm twice is tried for so long where nobody leads, or its outcome is not known: longer than an election.
const PATIENCE: Duration = Duration::from_secs(10);
/// A leader that says nothing for so long is asked again, or another one.
const TRY: Duration = Duration::from_secs(3);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(25);

impl Transaction {
    /// With a new id; its participants are the partitions of `parts`.
    pub fn new(node: &Engine, tenant: TenantId, coordinator: PartitionId, parts: &Parts) -> Self {
        Transaction {
            id: node.tokens.next(),
            tenant,
            coordinator,
            participants: parts.keys().copied().collect(),
            is_quiet: parts.values().all(Part::is_quiet),
            commit_is_sent: Arc::default(),
        }
    }

    /// One that somebody prepared in that partition, to be ended there.
    pub fn of(record: &Prepared, partition: PartitionId) -> Self {
        Transaction {
            id: record.transaction.clone(),
            tenant: record.tenant,
            coordinator: record.coordinator,
            participants: vec![partition],
            is_quiet: false,
            commit_is_sent: Arc::default(),
        }
    }

    /// From now on a decision to commit may be under way.
    pub fn sends_commit(&self) {
        self.commit_is_sent.store(true, Ordering::Relaxed);
    }

    /// Whether its participants have no resources to show.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Its name in the log.
    pub fn id(&self) -> Bytes {
        self.id.clone()
    }

    /// Those that have to finish, as the log names them.
    pub fn participants(&self) -> Vec<u32> {
        self.participants.iter().map(|partition| u32::from(partition.0)).collect()
    }

    /// Asks for an abort and finishes with what stands, the first decision: whether it is to commit. `None`: not known.
    pub async fn abort(&self, node: &Engine) -> Option<bool> {
        match self.decide_abort(node).await {
            Ok(decision) => {
                self.finish_or_log(node, committed(&decision)).await;
                Some(committed(&decision))
            }
            Err(error) => {
                tracing::warn!(%error, "a transaction is not decided yet; its readers will ask");
                None
            }
        }
    }

    /// Phase one, at all participants at once. The first refusal, if any, and whose it is.
    pub async fn prepare(
        &self,
        node: &Engine,
        parts: Parts,
        now_ms: u64,
    ) -> Result<Option<(PartitionId, Applied)>, Error> {
        let deadline_ms = now_ms + node.options.transaction_timeout.as_millis() as u64;
        let prepare = |(partition, part): (PartitionId, Part)| async move {
            let kind = log::command::Kind::Prepare(log::Prepare {
                transaction: self.id.clone(),
                coordinator_partition: u32::from(self.coordinator.0),
                mutations: part.mutations,
                deadline_ms,
                releases: part.releases,
            });
            (partition, self.propose(node, partition, now_ms, kind).await)
        };
        let outcomes = join_all(parts.into_iter().map(prepare)).await;
        let (mut refusal, mut leaderless) = (None, None);
        for (partition, outcome) in outcomes {
            match outcome {
                Ok(Applied::Done) => {}
                Ok(other) => refusal = Some((partition, other)),
                // Nobody decides to commit what is not prepared for certain; another try may find a leader.
                Err(error) if error.code == Code::Unavailable => leaderless = Some(error),
                Err(error) if error.code == Code::OutcomeUnknown => {
                    leaderless = Some(Error::new(Code::Unavailable, error.diagnostics()));
                }
                // Not known whether it is prepared: an abort settles it either way.
                Err(error) => {
                    tracing::warn!(%error, "a participant did not prepare");
                    refusal = Some((partition, Applied::Decided { commit: false }));
                }
            }
        }
        match leaderless.filter(|_| refusal.is_none()) {
            Some(error) => {
                // Nobody will decide to commit it: who asked need not wait until that is written down.
                let (node, aborted) = (node.handle(), self.clone());
                tokio::spawn(async move { aborted.abort(&node).await });
                Err(error)
            }
            None => Ok(refusal),
        }
    }

    /// Has an abort logged, unless it is decided already.
    pub async fn decide_abort(&self, node: &Engine) -> Result<Applied, Error> {
        self.decide(node, node.clock.now_ms(), false, log::Write::default()).await
    }

    /// Has the decision logged, `write` with it if it is to commit.
    pub async fn decide(
        &self,
        node: &Engine,
        now_ms: u64,
        commit: bool,
        write: log::Write,
    ) -> Result<Applied, Error> {
        if commit {
            self.sends_commit();
        }
        let kind = log::command::Kind::Decide(log::Decide {
            transaction: self.id.clone(),
            commit,
            write: Some(write),
            participants: self.participants(),
            quiet: self.is_quiet,
        });
        self.propose_surely(node, self.coordinator, now_ms, kind).await
    }

    /// Phase two, at all participants at once. A participant that cannot be reached asks for the decision later.
    pub async fn finish(&self, node: &Engine, commit: bool) -> Result<(), Error> {
        let finish = |partition: &PartitionId| self.finish_at(node, *partition, commit);
        try_join_all(self.participants.iter().map(finish)).await.map(|_| ())
    }

    /// The same by its coordinator, which is through with it then. The decision stands whatever happens here: what is left
    /// prepared is finished by whoever meets it.
    pub async fn finish_or_log(&self, node: &Engine, commit: bool) {
        match self.finish(node, commit).await {
            // Where a commit may still be under way to another node, the abort stays that keeps it from being the first decision.
            Ok(()) if !commit && self.commit_is_sent.load(Ordering::Relaxed) && !node.cluster.is_alone() => {}
            Ok(()) => node.finished.add(self.coordinator, self.tenant, self.id.clone()),
            Err(error) => {
                tracing::warn!(%error, "a participant is not finished yet; its readers will ask again");
            }
        }
    }

    async fn finish_at(&self, node: &Engine, partition: PartitionId, commit: bool) -> Result<Applied, Error> {
        let finish = log::Finish { transaction: self.id.clone(), commit, quiet: self.is_quiet };
        let kind = log::command::Kind::Finish(finish);
        self.propose_surely(node, partition, node.clock.now_ms(), kind).await
    }

    /// Decisions and finishes do no harm twice: the first one stands. So they ride out an election.
    async fn propose_surely(
        &self,
        node: &Engine,
        partition: PartitionId,
        now_ms: u64,
        kind: log::command::Kind,
    ) -> Result<Applied, Error> {
        let until = Instant::now() + PATIENCE;
        let mut unknown = None;
        loop {
            let late = |_| Err(Error::new(Code::OutcomeUnknown, "the leader does not answer"));
            let proposed = timeout(TRY, self.propose(node, partition, now_ms, kind.clone())).await;
            let error = match proposed.unwrap_or_else(late) {
                Err(error) if matches!(error.code, Code::Unavailable | Code::OutcomeUnknown) => error,
                ended => return ended,
            };
            let is_over = node.cluster.is_alone() || Instant::now() >= until;
            if error.code == Code::OutcomeUnknown {
                unknown = Some(error.clone());
            }
            if is_over {
                return Err(unknown.unwrap_or(error));
            }
            sleep(AGAIN).await;
        }
    }

    async fn propose(
        &self,
        node: &Engine,
        partition: PartitionId,
        now_ms: u64,
        kind: log::command::Kind,
    ) -> Result<Applied, Error> {
        let command = log::Command { time_ms: now_ms, tenant: self.tenant.0, kind: Some(kind) };
        node.partition(partition)?.propose(command).await
    }
}
