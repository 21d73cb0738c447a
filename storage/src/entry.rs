//! What goes into the state machine and what comes out of it.

use bytes::Bytes;
use proto::id::{CompartmentKey, PartitionId, ResourceId, ResourceKey, Slot, TenantId, TypeCode};
use proto::log::v1 as log;

/// One committed log entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the log; the first is 1.
    pub index: u64,
    /// Of the leader that appended it.
    pub term: u64,
    /// What it holds.
    pub payload: EntryPayload,
}

/// What a log entry holds.
#[derive(Clone, Debug)]
pub enum EntryPayload {
    /// A new leader's first entry: moves the applied index only.
    Blank,
    /// A command for the state machine.
    Command(log::Command),
    /// A new membership, opaque here; the latest is kept in [`crate::AppliedState::membership`].
    Membership(Bytes),
}

impl EntryPayload {
    /// Whether it shows a part of what a transaction writes, whose other parts are shown by entries of other partitions.
    pub fn shows_part(&self) -> bool {
        let EntryPayload::Command(command) = self else { return false };
        match &command.kind {
            Some(log::command::Kind::Decide(decide)) => {
                decide.commit && !decide.quiet && !decide.participants.is_empty()
            }
            Some(log::command::Kind::Finish(finish)) => finish.commit && !finish.quiet,
            _ => false,
        }
    }
}

/// What became of one entry. Everything but `Done`, `Decided` and `Dropped` means: nothing was changed, but for the
/// decision of a Decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Applied; also what a repeated Prepare, Finish, Reserve or Release of the same holder answers.
    Done,
    /// The dedup key was seen before: here is the answer given then. In a Decide the logged decision is abort (unless
    /// an earlier one stands), so that the participants of the repeated transaction let go.
    Duplicate {
        /// As the first request's Dedup gave it.
        response: Bytes,
    },
    /// The dedup key came with another request before. In a Decide the logged decision is abort, as above.
    KeyTaken,
    /// The resource is at version `current` (0: it never existed here), not at the expected one.
    Conflict {
        /// Of the resource.
        key: ResourceKey,
        /// Its version.
        current: u64,
    },
    /// The directory row names `current`, not what was expected.
    LocateConflict {
        /// Of the row.
        home_slot: Slot,
        /// Of the row.
        type_code: TypeCode,
        /// Of the row.
        id: ResourceId,
        /// Where the resource is; `None` without a row.
        current: Option<CompartmentKey>,
    },
    /// A resource or directory row of the command belongs to a prepared transaction.
    Locked {
        /// Which one.
        transaction: Bytes,
        /// Where its decision is logged.
        coordinator: PartitionId,
    },
    /// The logged decision, from this command or an earlier one. A commit whose own part is refused answers the refusal:
    /// what is logged then is abort.
    Decided {
        /// Or abort.
        commit: bool,
    },
    /// Another holder has the reservation until then by the partition's time, unless it releases it.
    ReservationHeld {
        /// Milliseconds since the epoch.
        expires_ms: u64,
        /// Whose it is.
        holder: Bytes,
    },
    /// The command rests on a reservation that is not its holder's, or no longer.
    ReservationLost {
        /// What was reserved.
        criteria: Bytes,
    },
    /// Index values were made with older search parameters than the partition takes: with those of this generation or a later one
    /// they are taken.
    Outdated {
        /// The least.
        generation: u32,
    },
    /// The tenant ended: nothing of it is taken any more.
    TenantEnded,
    /// Rows of a tenant that ended are gone.
    Dropped {
        /// How many.
        rows: u64,
        /// The key of the last one, for the next entry to go on behind it; empty: there are no more.
        last: Bytes,
    },
    /// A command no correct leader proposes (see [`crate::check`]). Every replica rejects it alike, so that one bad
    /// command does not stop the group.
    Rejected {
        /// What is wrong with it.
        reason: String,
    },
}

/// A change of one current row, for the search tail and for subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub tenant: TenantId,
    /// Of the row.
    pub key: ResourceKey,
    /// The new one, or the last one of what moved away.
    pub version: u64,
    /// Of that version, milliseconds since the epoch.
    pub last_updated_ms: u64,
    /// What happened.
    pub kind: ChangeKind,
}

/// What happened to the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Created or updated; the encoded index values of the new version.
    Put {
        /// Encoded by `fhir::index`.
        index_values: Bytes,
    },
    /// The same version with other index values.
    Reindex {
        /// As of a put.
        index_values: Bytes,
    },
    /// Deleted; history stays.
    Delete,
    /// Moved to another compartment: all rows under this key are gone.
    Evict,
}
