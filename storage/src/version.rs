//! What reads return.

use bytes::Bytes;
use proto::id::{PartitionId, ResourceId, ResourceKey, TenantId, TypeCode};
use proto::log::v1 as log;

/// The interaction that made a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Method {
    /// The first version, or the first after a delete.
    Create = 1,
    /// A later one.
    Update = 2,
    /// A deletion: no body.
    Delete = 3,
}

impl Method {
    /// The method of that number, which is the number in `log.proto` and on disk.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Method::Create),
            2 => Some(Method::Update),
            3 => Some(Method::Delete),
            _ => None,
        }
    }

    /// The method of a log message; `None` where it is unspecified or unknown.
    pub fn from_log(method: i32) -> Option<Self> {
        match log::Method::try_from(method).ok()? {
            log::Method::Unspecified => None,
            log::Method::Create => Some(Method::Create),
            log::Method::Update => Some(Method::Update),
            log::Method::Delete => Some(Method::Delete),
        }
    }
}

/// One version of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of the resource.
    pub key: ResourceKey,
    /// Its number; the first is 1.
    pub version: u64,
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
    /// What made it.
    pub method: Method,
    /// As stored; empty for a delete.
    pub body: Bytes,
    /// The log index that wrote it.
    pub index: u64,
    /// Its place among what that log entry wrote.
    pub seq: u32,
}

impl Version {
    /// Whether this version is a deletion.
    pub fn is_deleted(&self) -> bool {
        self.method == Method::Delete
    }

    /// Its place in the feed of its partition.
    pub fn position(&self) -> FeedPosition {
        FeedPosition { index: self.index, seq: self.seq }
    }

    /// Its place in the histories of its type and tenant.
    pub fn place(&self) -> HistoryPlace {
        let Version { last_updated_ms, version, key, .. } = *self;
        HistoryPlace { last_updated_ms, type_code: key.type_code, id: key.id, version }
    }
}

/// A place in the feed of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPosition {
    /// Of the log entry.
    pub index: u64,
    /// Among what the entry wrote, from 0.
    pub seq: u32,
}

/// A version's place in the histories of a type and of a tenant: one order of all versions of all partitions, oldest
/// first. A version keeps its place wherever its resource moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryPlace {
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
    /// Of the resource.
    pub type_code: TypeCode,
    /// Of the resource.
    pub id: ResourceId,
    /// Its number.
    pub version: u64,
}

/// The log entry that wrote a version first: with it a reader tells whether the version belongs to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `None`: the partition that holds the version.
    pub partition: Option<PartitionId>,
    /// Of the entry.
    pub index: u64,
}

/// The index values of a current, not deleted resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// Of the resource.
    pub key: ResourceKey,
    /// The current one.
    pub version: u64,
    /// Milliseconds since the epoch.
    pub last_updated_ms: u64,
    /// Encoded by `fhir::index`.
    pub index_values: Bytes,
}

/// Who holds a resource: a transaction that is prepared but not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its id.
    pub transaction: Bytes,
    /// Where its decision is logged.
    pub coordinator: PartitionId,
}

/// A prepared transaction of this partition that waits for Finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Whose.
    pub tenant: TenantId,
    /// Its id.
    pub transaction: Bytes,
    /// Where its decision is logged.
    pub coordinator: PartitionId,
    /// After this, anyone may have the coordinator decide to abort. Milliseconds since the epoch.
    pub deadline_ms: u64,
}

/// The answer kept for an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// From then on the key is as new. Milliseconds since the epoch.
    pub expires_ms: u64,
    /// Of the request the key came with; 0: not known.
    pub fingerprint: u64,
    /// What it was answered.
    pub response: Bytes,
}

impl Answered {
    /// Whether the key came with this request, as far as is known.
    pub fn is_of(&self, fingerprint: u64) -> bool {
        self.fingerprint == 0 || fingerprint == 0 || self.fingerprint == fingerprint
    }
}

/// A decision this partition logged as a coordinator, and keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub transaction: Bytes,
    /// Or abort.
    pub commit: bool,
    /// Which partitions have to finish.
    pub participants: Vec<PartitionId>,
}

/// How far a partition is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedState {
    /// Of the last entry applied; 0 before the first.
    pub index: u64,
    /// Of that entry.
    pub term: u64,
    /// The partition's own time, which expires rows: milliseconds since the epoch; 0 before the first command.
    pub time_ms: u64,
    /// The latest membership entry's bytes; empty before the first.
    pub membership: Bytes,
}
