//! The cluster's transport over a simulated network.

use bytes::Bytes;
use cluster::{Answer, Kind, Message, Peer, Pieces, Receiver, Transport};
use std::sync::Arc;
use testkit::simulation::network;

pub type Network = network::Network<dyn Receiver, Bytes>;

/// One node's.
pub struct Way(network::Way<dyn Receiver, Bytes>);

impl Way {
    /// For the node that now begins to live at that address.
    pub fn of(network: &Network, address: &str) -> Arc<Way> {
        Arc::new(Way(network.way(address)))
    }
}

/// As a real node has streams; but what is large begins early, so that heartbeats overtake entries.
fn lane(message: &Message) -> u8 {
    const BULK_BYTES: usize = 400;
    match message.kind {
        kind if kind == Kind::Request as u32 => 2,
        _ => u8::from(message.body.len() > BULK_BYTES),
    }
}

impl Transport for Way {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.0.serve(receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        self.0.ask(&to.address, lane(&message), move |receiver| receiver.call(message))
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        self.0.send(&to.address, pieces, move |receiver, pieces| receiver.receive(head, pieces))
    }
}
