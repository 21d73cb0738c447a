//! Snapshots: what they are made of, and their way to a node that lacks too much for the log. A way that breaks goes on where it broke
//! ([decisions/0009](../../../decisions/0009-a-snapshot-goes-on-where-it-broke.md)).
//!
//! | file | is |
//! |---|---|
//! | [`rows`] | the rows of a frozen view, and who takes them in |
//! | [`piece`] | one piece, with what tells that it is the right one |
//! | [`name`] | which snapshot a piece is of |
//! | [`sending`] | the sender's end |
//! | [`arriving`] | the receiver's |

mod arriving;
mod name;
mod piece;
mod rows;
mod sending;

#[cfg(test)]
mod tests;

pub(super) use arriving::Arriving;
pub(crate) use name::Names;
pub(super) use rows::{Received, Rows, Sink, export, single, take};
pub(super) use sending::send;

use crate::meters::Meters;
use crate::transport::{Answer, Kind, Pieces};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// What takes or gives nothing for so long is given up: an open view costs the sender disk, an unfinished import the receiver.
const STALLED: Duration = Duration::from_secs(60);

/// The way to one node.
pub(super) trait Line {
    /// Its id.
    fn target(&self) -> u64;
    /// Asks it something.
    fn ask(&self, kind: Kind, body: Bytes) -> Answer;
    /// Gives it pieces, by a connection of their own.
    fn ship(&self, head: &proto::internal::v1::Snapshot, pieces: Pieces) -> Answer;
}

/// What a node needs to send snapshots. Clones share it.
#[derive(Clone)]
pub(crate) struct Means {
    pub names: Arc<Names>,
    pub meters: Arc<Meters>,
    pub piece_bytes: usize,
}

/// Which part of a snapshot comes by a connection.
pub(super) struct Part {
    pub transfer: proto::internal::v1::SnapshotTransfer,
    /// The number of the first piece.
    pub first: u64,
    /// The connections are counted, from 1.
    pub attempt: u64,
}
