//! One request and one answer for both wires.

mod any;
mod api;
mod calls;
mod grpc;
mod rest;

pub use api::{Api, Failure, Served};

use super::{
    content::Content,
    record::{Level, Name, Row},
};
use futures::future::BoxFuture;
use proto::Code;
use std::sync::Arc;

/// REST or gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    Rest,
    Grpc,
}

impl Wire {
    pub const ALL: [Wire; 2] = [Wire::Rest, Wire::Grpc];
}

/// A request. Bodies are JSON.
#[derive(Clone, Debug)]
pub enum Call {
    Put { name: Name, body: String, if_match: Option<u64>, only_new: bool },
    Patch { target: Target, body: String, if_match: Option<u64> },
    Delete { name: Name },
    Create { kind: &'static str, body: String, criteria: Option<String> },
    Bundle { body: String },
    Read { name: Name },
    VRead { name: Name, version: u64 },
    Search { kind: &'static str, query: Vec<(String, String)>, more: Option<String> },
    History { level: Level, count: u32, since_ms: u64, more: Option<String> },
}

/// What a patch changes.
#[derive(Clone, Debug)]
pub enum Target {
    Name(Name),
    Criteria { kind: &'static str, criteria: String },
}

impl Call {
    pub fn search(kind: &'static str, query: &[(&str, &str)]) -> Call {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Call::Search { kind, query, more: None }
    }

    pub fn history(level: Level, count: u32) -> Call {
        Call::History { level, count, since_ms: 0, more: None }
    }

    /// The same list, another page.
    pub fn page(self, page: String) -> Call {
        match self {
            Call::Search { kind, query, .. } => Call::Search { kind, query, more: Some(page) },
            Call::History { level, count, since_ms, .. } => {
                Call::History { level, count, since_ms, more: Some(page) }
            }
            other => other,
        }
    }

    /// The interaction, for counts.
    pub fn what(&self) -> &'static str {
        match self {
            Call::Put { .. } => "update",
            Call::Patch { .. } => "patch",
            Call::Delete { .. } => "delete",
            Call::Create { .. } => "create",
            Call::Bundle { .. } => "transaction",
            Call::Read { .. } => "read",
            Call::VRead { .. } => "vread",
            Call::Search { .. } => "search",
            Call::History { .. } => "history",
        }
    }
}

/// One resource of an answer.
#[derive(Clone, Debug)]
pub struct Entry {
    pub row: Row,
    /// `None`: a deleted version.
    pub content: Option<Content>,
}

/// The answer to one write of a bundle.
#[derive(Clone, Debug)]
pub struct Part {
    pub status: u16,
    /// Where it is told.
    pub name: Name,
    pub version: u64,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// `version` is 0 where none is told.
    Written {
        name: Name,
        version: u64,
        created: bool,
    },
    Bundle(Vec<Part>),
    /// A list, or the one resource of a read.
    Entries {
        entries: Vec<Entry>,
        total: Option<u64>,
        more: Option<String>,
    },
    /// Certainly not applied; without a code: it was not sent.
    Refused(Option<Code>, String),
    /// What became of it is not known.
    Unknown(String),
}

/// A server, however it is asked.
pub trait Server: Send + Sync {
    /// Sends it once. `key`: the idempotency key.
    fn send<'a>(&'a self, wire: Wire, call: &'a Call, key: Option<&'a str>) -> BoxFuture<'a, Reply>;
}

/// The wires of one server. Cheap to clone.
#[derive(Clone)]
pub struct Wires(Arc<dyn Server>);

/// Those of a process. Lost connections are made again.
struct Process {
    rest: rest::Rest,
    grpc: Served<grpc::Grpc>,
}

impl Server for Process {
    fn send<'a>(&'a self, wire: Wire, call: &'a Call, key: Option<&'a str>) -> BoxFuture<'a, Reply> {
        match wire {
            Wire::Rest => Box::pin(self.rest.send(call, key)),
            Wire::Grpc => self.grpc.send(wire, call, key),
        }
    }
}

impl Wires {
    /// Of the addresses of a [`crate::node::NodeProcess`].
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(rest: &str, grpc: &str) -> anyhow::Result<Wires> {
        Ok(Wires::of(Process { rest: rest::Rest::new(rest)?, grpc: Served(grpc::Grpc::new(grpc)?) }))
    }

    /// Of a cluster whose nodes are asked at random, or of a node that is not waited for long.
    pub fn any(each: Vec<Wires>, seed: u64) -> Wires {
        Wires::of(any::Any::new(each, seed))
    }

    /// Of a server that is asked otherwise.
    pub fn of(server: impl Server + 'static) -> Wires {
        Wires(Arc::new(server))
    }

    /// Sends it once. `key`: the idempotency key.
    pub async fn send(&self, wire: Wire, call: &Call, key: Option<&str>) -> Reply {
        self.0.send(wire, call, key).await
    }
}

/// The parts of a transaction-response.
fn parts(bundle: &serde_json::Value) -> Vec<Part> {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let part = |entry: &serde_json::Value| {
        let response = &entry["response"];
        let status = response["status"].as_str().unwrap_or_default();
        Part {
            status: status.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or_default(),
            name: response["location"].as_str().map(name_of).unwrap_or_default(),
            version: response["etag"].as_str().map(version_of).unwrap_or_default(),
        }
    };
    entries.iter().map(part).collect()
}

/// `Type/id` of a location, with or without a base and a version.
fn name_of(location: &str) -> Name {
    let path = location.split("/_history/").next().unwrap_or_default();
    let mut parts = path.rsplit('/');
    let (id, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{kind}/{id}")
}

/// The number of an ETag such as `W/"3"`; 0 where it is none.
fn version_of(etag: &str) -> u64 {
    etag.trim_start_matches("W/").trim_matches('"').parse().unwrap_or_default()
}
