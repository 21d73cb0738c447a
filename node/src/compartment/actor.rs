//! The actor of one compartment.

use super::{
    Batch, Decision, Dedup, decide,
    decide::{Answer, Current, Op},
    pending::{Pending, Progress},
};
use crate::{
    clock::Clock,
    observe::steps::{Step, ended, timed},
};
use bytes::Bytes;
use cluster::{Group, ProposeError};
use futures::future::BoxFuture;
use proto::{Error, ResourceKey, TenantId, api::v1::WriteResponse, log::v1 as log};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use rustc_hash::FxHashMap;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use storage::Applied;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// What an actor is asked. `place`: in the queue of the node, taken until the actor comes to it, also where the caller
/// went away.
pub enum Message {
    /// Decide and propose.
    Write { batch: Arc<Batch>, reply: oneshot::Sender<Verdict>, place: OwnedSemaphorePermit },
    /// Let go of what is applied by now.
    Prune,
    /// Stand still for a transaction that spans compartments, until the lease is dropped or too old.
    Lease { reply: oneshot::Sender<Lease>, place: OwnedSemaphorePermit },
}

/// The actor's answer to a write.
pub enum Verdict {
    /// Refused; nothing was proposed.
    Refused(Error),
    /// Nothing had to be written.
    Answered(Vec<WriteResponse>),
    /// Written before under the same idempotency key: the answers given then, bodies left out.
    Repeated(Vec<WriteResponse>),
    /// Proposed; wait for the commit before telling anyone.
    Proposed(Commit, Vec<WriteResponse>),
}

/// A proposal on its way. Dropping it unawaited leaves the write to its fate and the actor informed.
pub struct Commit {
    applied: BoxFuture<'static, Result<Applied, ProposeError>>,
    sequence: u64,
    progress: Arc<Progress>,
    ended: bool,
}

impl Commit {
    /// Waits until the command is committed and applied (or not).
    pub async fn wait(mut self) -> Result<Applied, ProposeError> {
        let started = Instant::now();
        let applied = (&mut self.applied).await;
        ended(Step::Commit, started);
        self.ended = true;
        match applied {
            Ok(Applied::Done | Applied::Decided { commit: true }) => self.progress.done(self.sequence),
            _ => self.progress.failed(),
        }
        applied
    }
}

impl Drop for Commit {
    fn drop(&mut self) {
        if !self.ended {
            self.progress.failed();
        }
    }
}

/// The compartment stands still while this lives.
pub struct Lease {
    /// What was proposed and not yet applied when the lease was given: the holder decides on it.
    pub pending: FxHashMap<ResourceKey, Current>,
    _release: oneshot::Sender<()>,
}

/// The actor's fixed part.
pub struct Compartment;

/// Where it lives and what it has in flight.
pub struct State {
    group: Arc<Group>,
    clock: Clock,
    lease_max: Duration,
    pending: Pending,
}

/// What an actor needs to start.
#[derive(Clone)]
pub struct Arguments {
    pub group: Arc<Group>,
    pub clock: Clock,
    pub lease_max: Duration,
}

impl Actor for Compartment {
    type Msg = Message;
    type State = State;
    type Arguments = Arguments;

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        arguments: Arguments,
    ) -> Result<State, ActorProcessingErr> {
        let Arguments { group, clock, lease_max } = arguments;
        Ok(State { group, clock, lease_max, pending: Pending::default() })
    }

    async fn handle(
        &self,
        _: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.pending.prune();
        match message {
            // Nobody waits for it any more, and nothing is proposed yet: what was let go is not begun.
            Message::Write { reply, .. } if reply.is_closed() => {}
            Message::Write { batch, reply, place: _place } => {
                // The caller may be gone; a proposal stands all the same.
                let _ = reply.send(timed(Step::Decide, || state.write(&batch)));
            }
            // Done above, as before every message.
            Message::Prune => {}
            Message::Lease { reply, place } => {
                drop(place);
                state.lease(reply).await;
            }
        }
        Ok(())
    }
}

impl State {
    fn write(&mut self, batch: &Batch) -> Verdict {
        match self.answered_before(batch) {
            Ok(Some(answers)) => return Verdict::Repeated(answers),
            Ok(None) => {}
            Err(error) => return Verdict::Refused(error),
        }
        let now_ms = self.clock.now_ms();
        let decided = decide_all(&batch.ops, now_ms, |op| self.current(batch.tenant, op));
        let answers = match decided {
            Ok(answers) => answers,
            Err(error) => return Verdict::Refused(error),
        };
        let (responses, mutations, states) = split(answers, &batch.ops);
        if mutations.is_empty() {
            return Verdict::Answered(responses);
        }
        let command = command(batch, now_ms, mutations, &responses);
        let applied = Box::pin(self.group.propose(command));
        let (sequence, progress) = self.pending.push(states.into_iter());
        Verdict::Proposed(Commit { applied, sequence, progress, ended: false }, responses)
    }

    /// The answer to an earlier request with the same idempotency key. One that is still in flight is caught at apply.
    fn answered_before(&self, batch: &Batch) -> Result<Option<Vec<WriteResponse>>, Error> {
        let Some(dedup) = &batch.dedup else { return Ok(None) };
        let stored = self.group.partition().dedup(batch.tenant, &dedup.key, self.clock.now_ms());
        match stored.map_err(crate::error::storage)? {
            Some(response) => crate::answer::decode(&response).map(Some),
            None => Ok(None),
        }
    }

    fn current(&self, tenant: TenantId, op: &Op) -> Result<Option<Current>, Error> {
        if op.fresh {
            return Ok(None);
        }
        if let Some(current) = self.pending.get(&op.key) {
            return Ok(Some(current.clone()));
        }
        stored(self.group.partition(), tenant, &op.key)
    }

    async fn lease(&mut self, reply: oneshot::Sender<Lease>) {
        let (release, released) = oneshot::channel();
        let lease = Lease { pending: self.pending.in_flight(), _release: release };
        if reply.send(lease).is_ok() {
            // A holder that outlives the bound loses the order, not the safety: its fences fail at apply.
            let _ = tokio::time::timeout(self.lease_max, released).await;
        }
    }
}

/// The stored version of a resource, as decisions see it.
pub(crate) fn stored(
    partition: &storage::Partition,
    tenant: TenantId,
    key: &ResourceKey,
) -> Result<Option<Current>, Error> {
    let row = partition.get(tenant, key).map_err(crate::error::storage)?;
    Ok(row.map(|row| Current {
        version: row.version,
        last_updated_ms: row.last_updated_ms,
        deleted: row.method == storage::Method::Delete,
        body: row.body,
    }))
}

/// Decides every op; the first error refuses all.
pub(crate) fn decide_all(
    ops: &[Op],
    now_ms: u64,
    current: impl Fn(&Op) -> Result<Option<Current>, Error>,
) -> Result<Vec<Answer>, Error> {
    ops.iter().map(|op| decide(op, current(op)?.as_ref(), now_ms)).collect()
}

type Split = (Vec<WriteResponse>, Vec<log::Mutation>, Vec<(ResourceKey, Current)>);

fn split(answers: Vec<Answer>, ops: &[Op]) -> Split {
    let (mut responses, mut mutations, mut states) = (Vec::with_capacity(ops.len()), vec![], vec![]);
    for (answer, op) in answers.into_iter().zip(ops) {
        responses.push(answer.response);
        mutations.extend(answer.mutations);
        // Nobody knows a fresh id before its write is applied, so nothing will be decided on its speculative state.
        if !op.fresh {
            states.extend(answer.next.map(|next| (op.key, next)));
        }
    }
    (responses, mutations, states)
}

/// One command for everything in the batch.
pub(crate) fn command(
    batch: &Batch,
    now_ms: u64,
    mutations: Vec<log::Mutation>,
    responses: &[WriteResponse],
) -> log::Command {
    let write = log_write(batch.dedup.as_ref(), now_ms, mutations, responses);
    let kind = match &batch.decision {
        None => log::command::Kind::Write(write),
        Some(Decision { transaction, participants }) => log::command::Kind::Decide(log::Decide {
            transaction: transaction.clone(),
            commit: true,
            write: Some(write),
            participants: participants.clone(),
        }),
    };
    log::Command { time_ms: now_ms, tenant: batch.tenant.0, kind: Some(kind) }
}

/// Mutations as the log holds them, with the answers to keep under the caller's idempotency key.
pub(crate) fn log_write(
    dedup: Option<&Dedup>,
    now_ms: u64,
    mutations: Vec<log::Mutation>,
    responses: &[WriteResponse],
) -> log::Write {
    let dedup = dedup.map(|dedup| log::Dedup {
        key: Bytes::copy_from_slice(&dedup.key),
        expires_ms: now_ms + dedup.retention_ms,
        response: crate::answer::encode(responses),
    });
    log::Write { mutations, dedup, releases: vec![] }
}
