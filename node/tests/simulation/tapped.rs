//! A node's way to the others, on which is heard who speaks as a leader.

use crate::network::{Network, Way};
use cluster::{Answer, Kind, Message, Peer, Pieces, Receiver, Transport};
use prost::Message as _;
use proto::internal::v1 as wire;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

/// By group and term, the ids of who sent entries or heartbeats. Clones share it.
#[derive(Clone, Default)]
pub struct Leaders(Arc<Mutex<BTreeMap<(u32, u64), BTreeSet<u64>>>>);

impl Leaders {
    fn hear(&self, message: &Message) {
        let append = wire::Append::decode(message.body.clone()).expect("an append is one");
        let vote = append.vote.expect("a leader has its own vote");
        let mut heard = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        heard.entry((message.group, vote.term)).or_default().insert(vote.node_id);
    }

    pub fn heard(&self) -> BTreeMap<(u32, u64), Vec<u64>> {
        let heard = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        heard.iter().map(|(term, leaders)| (*term, leaders.iter().copied().collect())).collect()
    }
}

pub struct Tapped {
    way: Arc<Way>,
    leaders: Leaders,
}

impl Tapped {
    pub fn of(network: &Network, address: &str, leaders: &Leaders) -> Arc<Tapped> {
        Arc::new(Tapped { way: Way::of(network, address), leaders: leaders.clone() })
    }
}

impl Transport for Tapped {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.way.serve(receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        if message.kind == Kind::Append as u32 {
            self.leaders.hear(&message);
        }
        self.way.call(to, message)
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        self.way.send(to, head, pieces)
    }
}
