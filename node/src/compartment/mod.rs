//! Compartment actors: one writer per patient record (or free-standing resource), on the leader of its partition.
//!
//! A write reaches its compartment's actor, which decides it ([`decide`]) on *speculative* state ([`pending`]): the
//! stored rows plus what it has proposed and not yet seen applied. It never waits for a commit: the answer goes back
//! with the proposal, and the caller waits. Fencing is the log's: every mutation names the version it replaces, so a
//! decision made on state that never came to be is refused at apply and decided again.
//!
//! | piece | is |
//! |---|---|
//! | [`Directory`] | per partition: which actors live; activation, passivation under a cap |
//! | [`shard`] | the supervisor of a partition's actors |
//! | [`actor`] | the actor of one compartment |

mod actor;
mod decide;
mod directory;
mod pending;
mod shard;

pub use actor::{Commit, Lease, Verdict};
pub(crate) use actor::{command, decide_all, log_write, stored};
pub(crate) use decide::locate;
pub use decide::{Answer, Change, Current, Draft, Intent, Op, decide};
pub use directory::{Directory, Limits, StartError};

use crate::bounds::Share;
use proto::TenantId;
use std::sync::Arc;

/// What one message asks of a compartment: everything in it is decided together and written in one command.
#[derive(Debug)]
pub struct Batch {
    pub tenant: TenantId,
    /// In the order in which they are to be decided. Ops on other compartments of the same partition may come along
    /// only where they are fresh ([`Op::fresh`]): nothing can race for an id that was never given out.
    pub ops: Vec<Op>,
    /// The caller's idempotency key and how long its answer is kept.
    pub dedup: Option<Dedup>,
    /// The write is the coordinator's part of a transaction, proposed as its decision.
    pub decision: Option<Decision>,
    /// What its request holds: until it is decided here, however long that takes and whoever waits.
    pub share: Share,
}

/// The transaction a batch decides, whose other parts are prepared.
#[derive(Clone, Debug)]
pub struct Decision {
    pub transaction: bytes::Bytes,
    /// Partitions that have to finish.
    pub participants: Vec<u32>,
}

/// An idempotency key, already prefixed with what kind of request it belongs to.
#[derive(Clone, Debug)]
pub struct Dedup {
    pub key: Arc<[u8]>,
    pub retention_ms: u64,
}
