//! Compartment actors: one writer per patient record (or free-standing resource), on the leader of its partition.
//!
//! A write reaches its compartment's actor, which decides it ([`decide`]) on *speculative* state ([`pending`]): the
//! stored rows plus what it has proposed and not yet seen applied. It never waits for a commit: the answer goes back
//! with the proposal, and the caller waits. Fencing is the log's: every mutation names the version it replaces, so a
//! decision made on state that never came to be is refused at apply and decided again.
//!
//! | piece | is |
//! |---|---|
//! | [`Actors`] | per partition: which actors live; activation, passivation under a cap |
//! | [`supervisor`] | the supervisor of a partition's actors |
//! | [`actor`] | the actor of one compartment |
//! | [`Flight`] | a proposal on its way, and what it came to |
//! | [`Found`] | what a decision is made on, and whether the resource still is where the caller located it |
//!
//! Nothing is told that rests on what is not committed: an answer without a proposal (nothing changed, a conflict, a
//! precondition that fails) carries its [`Basis`], and waits for it.

mod actor;
mod actors;
mod decide;
mod dedup;
mod flight;
mod found;
mod if_match;
mod keys;
mod pending;
mod population;
mod supervisor;

pub(crate) use actor::{Decided, Halt, decide_all, log_write};
pub use actor::{Lease, Verdict};
pub use actors::{Actors, Limits, StartError};
pub(crate) use decide::locate;
pub use decide::{Change, Current, Decision, Draft, Intent, Next, Op, Proposal, Standing, decide};
pub use dedup::{Dedup, fingerprint, key_reused};
pub use flight::Flight;
pub use found::{Basis, Found, found, stored};
pub use if_match::IfMatch;
pub use keys::Keys;

use crate::bounds::Share;
use proto::{CompartmentKey, ResourceId, TenantId, TypeCode, log::v1 as log};

/// What one message asks of a compartment: everything in it is decided together and written in one command.
#[derive(Debug)]
pub struct Batch {
    pub tenant: TenantId,
    /// In the order in which they are to be decided. Ops on other compartments of the same partition may come along
    /// only where they are fresh ([`Standing::Fresh`]): nothing can race for an id that was never given out.
    pub ops: Vec<Op>,
    /// The caller's idempotency key and how long its answer is kept.
    pub dedup: Option<Dedup>,
    /// Reservations it rests on, in this partition: given back with it, and if one is lost nothing is written.
    pub releases: Vec<log::Release>,
    /// The write is the coordinator's part of a transaction, proposed as its decision.
    pub deciding: Option<Deciding>,
    /// What its request holds: until it is decided here, however long that takes and whoever waits.
    pub share: Share,
}

/// The transaction a batch decides, whose other parts are prepared.
#[derive(Clone, Debug)]
pub struct Deciding {
    pub transaction: bytes::Bytes,
    /// Partitions that have to finish.
    pub participants: Vec<u32>,
    /// They have no resources to show.
    pub is_quiet: bool,
}

/// A resource whose next version belongs to another compartment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    pub type_code: TypeCode,
    pub id: ResourceId,
    pub to: CompartmentKey,
}
