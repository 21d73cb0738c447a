//! A node's way to the others, on which is heard what goes there in pieces.

use super::network::{Network, Way};
use cluster::{Answer, Message, Peer, Pieces, Receiver, Transport};
use parking_lot::Mutex;
use prost::Message as _;
use proto::internal::v1::{Snapshot, SnapshotTransfer};
use std::sync::Arc;

/// Snapshots, and those that go on. Clones share it.
#[derive(Clone, Default)]
pub struct Snapshots(Arc<Mutex<Vec<Sent>>>);

/// One connection of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub to: u64,
    pub group: u32,
    /// `None`: whole, as to a node of the version before.
    pub transfer: Option<SnapshotTransfer>,
    /// The first piece.
    pub first: u64,
}

impl Snapshots {
    pub fn all(&self) -> Vec<Sent> {
        self.0.lock().clone()
    }

    /// How many connections went on with what another had begun.
    pub fn resumed(&self) -> usize {
        self.0.lock().iter().filter(|sent| sent.first > 0).count()
    }
}

pub struct Tapped {
    way: Arc<Way>,
    snapshots: Snapshots,
}

impl Tapped {
    pub fn of(network: &Network, address: &str, snapshots: &Snapshots) -> Arc<Tapped> {
        Arc::new(Tapped { way: Way::of(network, address), snapshots: snapshots.clone() })
    }
}

impl Transport for Tapped {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.way.serve(receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        self.way.call(to, message)
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        let Snapshot { transfer, first, .. } = Snapshot::decode(head.body.clone()).expect("a head is one");
        self.snapshots.0.lock().push(Sent { to: to.node_id, group: head.group, transfer, first });
        self.way.send(to, head, pieces)
    }
}
