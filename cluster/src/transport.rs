//! What carries messages between nodes, from outside: streams over TCP, or a simulated network.

use bytes::Bytes;
use futures::future::BoxFuture;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub node_id: u64,
    /// Where it is reached now.
    pub address: Arc<str>,
}

/// A question to another node, about one of its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Of which cluster: a node that was emptied and started anew, or an address that was given away, is not taken for
    /// another.
    pub cluster: u64,
    /// For which node. Who votes or acknowledges must be who was asked.
    pub to: u64,
    /// 0 is the meta group.
    pub group: u32,
    /// One of [`Kind`], as its number: a node may be asked what it does not know yet.
    pub kind: u32,
    /// Its meaning follows from the kind.
    pub body: Bytes,
}

/// What is asked. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Entries, or a heartbeat.
    Append = 1,
    /// A vote.
    Vote = 2,
    /// Whether there would be a vote.
    PreVote = 3,
    /// To become the leader now.
    Transfer = 4,
    /// A snapshot of a group, in pieces.
    Snapshot = 5,
    /// To propose a command of the meta group.
    Propose = 6,
    /// Whether the node would lead the group now.
    Willing = 7,
    /// Whether the node whose id comes with it has no part in the group, as the group's leader knows for certain.
    Outside = 8,
    /// How many entries of the group a node must have to have all that was acknowledged: eight bytes, big-endian.
    Position = 9,
    /// How many pieces of a snapshot that is on its way are put.
    Arrived = 10,
    /// A request of the application above: [`Observer::asked`](crate::Observer::asked).
    Request = 64,
}

/// An answer, or why there is none. An error says nothing about whether the question was carried out; one of kind
/// `NotConnected` or `ConnectionRefused` says that it was not.
pub type Answer = BoxFuture<'static, io::Result<Bytes>>;

/// The pieces of something long. The last one is empty: what ends with another, or with an error, is not whole.
pub type Pieces = mpsc::Receiver<io::Result<Bytes>>;

/// The way to other nodes. What it is given to carry to one node arrives in order or not at all; dropping an answer's future
/// changes nothing.
pub trait Transport: Send + Sync + 'static {
    /// From now on this node is asked through `receiver`. Questions that came before have been answered with an error.
    fn serve(&self, receiver: Arc<dyn Receiver>);

    /// Asks a node. Resolves at the latest some seconds after the connection was lost.
    fn call(&self, to: &Peer, message: Message) -> Answer;

    /// Gives a node something long. `pieces` are taken as fast as the other side takes them.
    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer;
}

/// Who answers other nodes.
pub trait Receiver: Send + Sync + 'static {
    /// A question.
    fn call(&self, message: Message) -> Answer;

    /// Something long.
    fn receive(&self, head: Message, pieces: Pieces) -> Answer;
}

/// The transport of a node that is alone: it reaches nobody.
pub struct Nowhere;

impl Nowhere {
    fn unreachable(to: &Peer) -> Answer {
        let reason = format!("node {} at {}: this node has no connections to others", to.node_id, to.address);
        Box::pin(async move { Err(io::Error::new(io::ErrorKind::NotConnected, reason)) })
    }
}

impl Transport for Nowhere {
    fn serve(&self, _: Arc<dyn Receiver>) {}

    fn call(&self, to: &Peer, _: Message) -> Answer {
        Nowhere::unreachable(to)
    }

    fn send(&self, to: &Peer, _: Message, _: Pieces) -> Answer {
        Nowhere::unreachable(to)
    }
}
