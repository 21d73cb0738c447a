//! What the clients of a run did and saw: all that the invariants know of it.

use super::content::{Content, Patch};
use proto::Code;

/// Microseconds since the run began, of one clock for all clients.
pub type Micros = u64;

/// `Type/id`.
pub type Name = String;

/// From before a request was sent until its answer was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: Micros,
    pub end: Micros,
}

/// What a write asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put(Content),
    Patch(Patch),
    Delete,
}

/// What was answered to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged, as this version. Of a delete: 0 where there was nothing to delete.
    Done(u64),
    /// Certainly not applied, with the server's word for why; `None`: it was not even sent.
    Refused(Option<Code>),
    /// It may have been applied.
    Unknown,
}

/// One write of one resource.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its own name. The writes of one bundle share it.
    pub op: String,
    pub of: Name,
    pub change: Change,
    /// The version it named.
    pub if_match: Option<u64>,
    /// Only where there is none.
    pub only_new: bool,
    /// One of the writes of a transaction, which is named by `op`.
    pub bundled: bool,
    /// All attempts, until the first acknowledgement.
    pub span: Span,
    pub outcome: Outcome,
    /// The answers to repeats under the same idempotency key, after it was acknowledged.
    pub repeats: Vec<Outcome>,
}

/// How many resources a create may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One for each idempotency key, or for each create without: `key` is that of the content.
    Key,
    /// One for all creates with the same criteria, which name `key`.
    Criteria,
}

/// What was answered to a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    New(Name),
    /// The one that was there.
    Found(Name),
    /// As with [`Outcome`].
    Refused(Option<Code>),
    Unknown,
}

/// One request to make a resource whose id the server gives.
#[derive(Clone, Debug)]
pub struct Create {
    pub op: String,
    pub key: String,
    pub rule: Rule,
    pub span: Span,
    /// To each time it was sent.
    pub answers: Vec<Made>,
}

/// What was seen of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Version {
        version: u64,
        op: String,
    },
    /// Deleted: of a version that is not told.
    Gone,
    /// Never there.
    Absent,
    /// Not found by a search, which cannot tell gone from absent.
    NotFound,
}

/// By which interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Read,
    /// An older version, asked for by its number.
    VRead,
    Search,
    InstanceHistory,
}

/// One observation of one resource.
#[derive(Clone, Debug)]
pub struct Sight {
    pub of: Name,
    pub span: Span,
    pub seen: Seen,
    pub how: How,
}

/// One version in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub of: Name,
    pub version: u64,
    pub updated_ms: u64,
}

/// Of what a history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    System,
    Type(&'static str),
    Instance(Name),
}

impl Level {
    /// Whether that resource is in it.
    pub fn holds(&self, name: &str) -> bool {
        match self {
            Level::System => true,
            Level::Type(kind) => kind_of(name) == *kind,
            Level::Instance(own) => own == name,
        }
    }
}

/// The first page of a history, read while others wrote.
#[derive(Clone, Debug)]
pub struct Page {
    pub level: Level,
    pub span: Span,
    /// As they came.
    pub rows: Vec<Row>,
    /// There is no next page.
    pub last: bool,
}

/// All that one search for a group found, which is one moment.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub span: Span,
    pub members: Vec<(Name, Content)>,
}

/// What a group always is.
#[derive(Clone, Debug)]
pub struct Whole {
    pub name: String,
    pub members: Vec<Name>,
    /// Of the members' values, where they are an account.
    pub sum: Option<i64>,
}

/// What a search for the key of a resource found right after the resource was made.
#[derive(Clone, Debug)]
pub struct Find {
    pub key: String,
    pub span: Span,
    pub found: Vec<Name>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub writes: Vec<Write>,
    pub creates: Vec<Create>,
    pub sights: Vec<Sight>,
    pub pages: Vec<Page>,
    pub groups: Vec<Group>,
    pub finds: Vec<Find>,
    pub wholes: Vec<Whole>,
    /// What went wrong apart from any invariant: an answer nobody should get.
    pub surprises: Vec<String>,
}

/// `Patient` of `Patient/a`.
pub fn kind_of(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// `a` of `Patient/a`.
pub fn id_of(name: &str) -> &str {
    name.split('/').nth(1).unwrap_or_default()
}
