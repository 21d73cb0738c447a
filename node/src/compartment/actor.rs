//! The actor of one compartment.

use super::{
    Batch, Deciding, Dedup, Moves, decide,
    decide::{Current, Decision, Op, Proposal, Standing},
    flight::Flight,
    found::{self, Basis, Found},
    pending::Pending,
};
use crate::{
    clock::Clock,
    observe::steps::{Step, timed},
};
use bytes::Bytes;
use cluster::Group;
use proto::{Error, ResourceKey, TenantId, api::v1::WriteResponse, log::v1 as log};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::{sync::Arc, time::Duration};
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
    /// Refused, which holds as soon as what it rests on does; nothing was proposed.
    Refused(Error, Basis),
    /// Nothing had to be written, which holds as soon as what it rests on does.
    Answered(Vec<WriteResponse>, Basis),
    /// Written before under the same idempotency key: the answers given then, bodies left out.
    Repeated(Vec<WriteResponse>),
    /// A resource is not where it was located: locate everything again.
    Gone,
    /// A resource has to move there; nothing was proposed.
    Moves(Moves),
    /// A prepared transaction holds a resource: settle it first.
    Locked(storage::Lock),
    /// Proposed; wait for the commit before telling anyone.
    Proposed(Arc<Flight>, Vec<WriteResponse>),
}

/// The compartment stands still while this lives.
pub struct Lease {
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
                let mut verdict = timed(Step::Decide, || state.write(&batch));
                if verdict.is_none() {
                    state.pending.drain().await;
                    verdict = timed(Step::Decide, || state.write(&batch));
                }
                // The caller may be gone; a proposal stands all the same.
                if let Some(verdict) = verdict {
                    let _ = reply.send(verdict);
                }
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
    /// `None`: once nothing is in flight, again.
    fn write(&mut self, batch: &Batch) -> Option<Verdict> {
        let mut basis = Basis::default();
        match self.try_write(batch, &mut basis) {
            Ok(verdict) => verdict,
            Err(Halt::Refused(error)) => Some(Verdict::Refused(error, basis)),
            Err(Halt::Gone) => Some(Verdict::Gone),
            Err(Halt::Moves(moves)) => Some(Verdict::Moves(*moves)),
            Err(Halt::Locked(lock)) => Some(Verdict::Locked(lock)),
        }
    }

    fn try_write(&mut self, batch: &Batch, basis: &mut Basis) -> Result<Option<Verdict>, Halt> {
        let now_ms = self.clock.now_ms();
        // One that is still in flight is caught at apply.
        if let Some(dedup) = &batch.dedup
            && let Some(answers) = dedup.answered(self.group.partition(), batch.tenant, now_ms)?
        {
            return Ok(Some(Verdict::Repeated(answers)));
        }
        let decided = decide_all(&batch.ops, now_ms, |op| self.current(batch.tenant, op, basis))?;
        let is_answer_among = decided.iter().any(|decided| matches!(decided, Decided::Reply(_)));
        let (responses, mutations, states) = split(decided, &batch.ops);
        if mutations.is_empty() {
            return Ok(Some(Verdict::Answered(responses, std::mem::take(basis))));
        }
        // What is answered beside what is written has no mutation whose fence would say that its basis failed.
        if is_answer_among && !basis.is_empty() {
            return Ok(None);
        }
        let command = command(batch, now_ms, mutations, &responses);
        let flight = Arc::new(Flight::default());
        if let Err(error) = self.group.propose_before(command, flight.clone()) {
            // True whatever becomes of the rest.
            *basis = Basis::default();
            return Err(crate::error::propose(error).into());
        }
        self.pending.push(&flight, states.into_iter());
        Ok(Some(Verdict::Proposed(flight, responses)))
    }

    fn current(&self, tenant: TenantId, op: &Op, basis: &mut Basis) -> Result<Found, Error> {
        if op.standing == Standing::Fresh {
            return Ok(Found::Here(None));
        }
        if let Some((current, flight)) = self.pending.get(&op.key) {
            basis.add(flight);
            return Ok(Found::Here(Some(current.clone())));
        }
        found::stored(self.group.partition(), tenant, op, &op.key)
    }

    async fn lease(&mut self, reply: oneshot::Sender<Lease>) {
        // The holder decides on the stored rows: history and current version of one moment.
        if tokio::time::timeout(self.lease_max, self.pending.drain()).await.is_err() {
            return;
        }
        let (release, released) = oneshot::channel();
        if reply.send(Lease { _release: release }).is_ok() {
            // A holder that outlives the bound loses the order, not the safety: its fences fail at apply.
            let _ = tokio::time::timeout(self.lease_max, released).await;
        }
    }
}

/// Why nothing is proposed.
pub(crate) enum Halt {
    Refused(Error),
    Gone,
    Moves(Box<Moves>),
    Locked(storage::Lock),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Refused(error)
    }
}

/// What an op came to that needs nothing else first.
pub(crate) enum Decided {
    Reply(WriteResponse),
    Propose(Proposal),
}

/// Decides every op; the first that cannot be decided halts all.
pub(crate) fn decide_all(
    ops: &[Op],
    now_ms: u64,
    mut current: impl FnMut(&Op) -> Result<Found, Error>,
) -> Result<Vec<Decided>, Halt> {
    let one = |op: &Op| {
        let current = match current(op)? {
            Found::Here(current) => current,
            Found::Gone => return Err(Halt::Gone),
            Found::Locked(lock) => return Err(Halt::Locked(lock)),
        };
        match decide(op, current.as_ref(), now_ms)? {
            Decision::Reply(response) => Ok(Decided::Reply(response)),
            Decision::Propose(proposal) => Ok(Decided::Propose(proposal)),
            Decision::Relocate(to) => {
                Err(Halt::Moves(Box::new(Moves { type_code: op.key.type_code, id: op.key.id, to })))
            }
        }
    };
    ops.iter().map(one).collect()
}

type Split = (Vec<WriteResponse>, Vec<log::Mutation>, Vec<(ResourceKey, Current)>);

fn split(decided: Vec<Decided>, ops: &[Op]) -> Split {
    let (mut responses, mut mutations, mut states) = (Vec::with_capacity(ops.len()), vec![], vec![]);
    for (decided, op) in decided.into_iter().zip(ops) {
        match decided {
            Decided::Reply(response) => responses.push(response),
            Decided::Propose(proposal) => {
                responses.push(proposal.response);
                mutations.extend(proposal.mutations);
                // Nobody knows a fresh id before its write is applied, so nothing will be decided on its speculative state.
                if op.standing != Standing::Fresh {
                    states.push((op.key, proposal.next));
                }
            }
        }
    }
    (responses, mutations, states)
}

/// One command for everything in the batch.
fn command(
    batch: &Batch,
    now_ms: u64,
    mutations: Vec<log::Mutation>,
    responses: &[WriteResponse],
) -> log::Command {
    let releases = batch.releases.clone();
    let write = log_write(batch.dedup.as_ref(), now_ms, mutations, releases, responses);
    let kind = match &batch.deciding {
        None => log::command::Kind::Write(write),
        Some(Deciding { transaction, participants, is_quiet }) => log::command::Kind::Decide(log::Decide {
            transaction: transaction.clone(),
            commit: true,
            write: Some(write),
            participants: participants.clone(),
            quiet: *is_quiet,
        }),
    };
    log::Command { time_ms: now_ms, tenant: batch.tenant.0, kind: Some(kind) }
}

/// Mutations and the reservations they rest on as the log holds them, with the answers to keep under the caller's
/// idempotency key.
pub(crate) fn log_write(
    dedup: Option<&Dedup>,
    now_ms: u64,
    mutations: Vec<log::Mutation>,
    releases: Vec<log::Release>,
    responses: &[WriteResponse],
) -> log::Write {
    let dedup = dedup.map(|dedup| log::Dedup {
        key: Bytes::copy_from_slice(&dedup.key),
        expires_ms: now_ms + dedup.retention_ms,
        response: dedup.kept(responses),
        fingerprint: dedup.fingerprint,
    });
    log::Write { mutations, dedup, releases }
}
