//! A node's way to the others, on which is heard who speaks as a leader, and what never happens is missed.

use crate::network::{Network, Way};
use cluster::{Answer, Kind, Message, Peer, Pieces, Receiver, Transport};
use prost::Message as _;
use proto::internal::v1 as wire;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// Who led a group in a term, as its messages say.
type Leaders = BTreeMap<(u32, u64), BTreeSet<u64>>;

/// What was heard. Clones share it.
#[derive(Clone, Default)]
pub struct Heard {
    /// By group and term, the ids of who sent entries or heartbeats.
    leaders: Arc<Mutex<Leaders>>,
    snapshots: Arc<AtomicU64>,
    /// Those that went on where they broke.
    resumed: Arc<AtomicU64>,
    /// Parts of searches and histories, and rows, that were asked of nodes with replicas which the asking one had not.
    far: Arc<AtomicU64>,
}

impl Heard {
    fn hear(&self, message: &Message) {
        let append = wire::Append::decode(message.body.clone()).expect("an append is one");
        let vote = append.vote.expect("a leader has its own vote");
        let mut heard = self.leaders.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        heard.entry((message.group, vote.term)).or_default().insert(vote.node_id);
    }

    fn hear_request(&self, message: &Message) {
        let request = wire::Request::decode(message.body.clone()).expect("a request is one");
        if ["look", "partition-rows"].contains(&request.call.as_str()) {
            self.far.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many questions there were about partitions without a replica.
    pub fn far(&self) -> u64 {
        self.far.load(Ordering::Relaxed)
    }

    /// How many connections went on with a snapshot.
    pub fn resumed(&self) -> u64 {
        self.resumed.load(Ordering::Relaxed)
    }

    /// How many were begun.
    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Ordering::Relaxed)
    }

    pub fn leaders(&self) -> BTreeMap<(u32, u64), Vec<u64>> {
        let heard = self.leaders.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        heard.iter().map(|(term, leaders)| (*term, leaders.iter().copied().collect())).collect()
    }
}

pub struct Tapped {
    way: Arc<Way>,
    heard: Heard,
}

impl Tapped {
    pub fn of(network: &Network, address: &str, heard: &Heard) -> Arc<Tapped> {
        Arc::new(Tapped { way: Way::of(network, address), heard: heard.clone() })
    }
}

impl Transport for Tapped {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.way.serve(receiver);
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        if message.kind == Kind::Append as u32 {
            self.heard.hear(&message);
        }
        if message.kind == Kind::Request as u32 {
            self.heard.hear_request(&message);
        }
        self.way.call(to, message)
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        let snapshot = wire::Snapshot::decode(head.body.clone()).expect("a snapshot's head is one");
        let count = if snapshot.first > 0 { &self.heard.resumed } else { &self.heard.snapshots };
        count.fetch_add(1, Ordering::Relaxed);
        self.way.send(to, head, pieces)
    }
}
