//! The only home of the Raft library.

mod beat;
mod codec;
mod export;
mod handle;
mod incoming;
mod life;
mod log;
mod machine;
mod membership;
mod network;
mod proposal;
mod record;
mod reply;
mod runtime;
mod snapshot;
mod stored;
mod vacate;
mod wire;

#[cfg(test)]
mod suite;

pub(crate) use handle::{Handle, Proposed};
pub(crate) use life::Making;
use machine::Machine;
pub(crate) use machine::Target;
pub use membership::View;
pub(crate) use network::Network;
pub(crate) use proposal::Proposal;
pub(crate) use snapshot::{Means, Names};
pub use stored::entry as logged;
#[cfg(test)]
pub(crate) use stored::record_of;
pub(crate) use stored::{Beginning, place};

use openraft::impls;
use storage::Applied;

/// The library's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Types;

impl openraft::RaftTypeConfig for Types {
    type D = Proposal;
    type R = Applied;
    type NodeId = u64;
    type Node = openraft::BasicNode;
    type Term = u64;
    // One leader per term: an entry is named by term and index alone, as the storage crate names it.
    type LeaderId = impls::leader_id_std::LeaderId<u64, u64>;
    type Vote = impls::Vote<Self::LeaderId>;
    type Payload = openraft::EntryPayload<Proposal, u64, openraft::BasicNode>;
    type Entry = openraft::Entry<<Self::LeaderId as openraft::vote::RaftLeaderId>::Committed, Self::Payload>;
    type AsyncRuntime = runtime::Runtime;
    type Responder<T>
        = reply::Reply<T>
    where
        T: openraft::OptionalSend + 'static;
    type Batch<T>
        = impls::InlineBatch<T>
    where
        T: openraft::OptionalSend + 'static;
    type ErrorSource = impls::BoxedErrorSource;
}

type Raft = openraft::Raft<Types, Machine>;
type Entry = openraft::alias::EntryOf<Types>;
type LogId = openraft::alias::LogIdOf<Types>;
type Vote = openraft::alias::VoteOf<Types>;
type Membership = openraft::Membership<u64, openraft::BasicNode>;
type StoredMembership = openraft::alias::StoredMembershipOf<Types>;
