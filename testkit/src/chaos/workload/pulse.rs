//! Writes at each node at a steady pace, whatever becomes of the ones before: how long a service was away is seen by who does not
//! wait for it.

use super::{Shared, Worker, sending::write_of, single::body};
use crate::chaos::{
    content::Content,
    record::Change,
    wire::{Call, Wires},
};
use generator::random::Random;
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};

const PAUSE: Duration = Duration::from_millis(100);
/// So many resources for each node: their histories stay short.
const RESOURCES: u64 = 20;
/// Above the numbers of the clients.
const NUMBERS: u64 = 1000;

/// What all of their resources' names begin with.
pub(crate) const PREFIX: &str = "Patient/pulse-";

/// Until the time of the run is over and each has its answer, or none.
pub(crate) async fn pulse(shared: Arc<Shared>, nodes: Vec<Wires>) {
    let mut beats = JoinSet::new();
    for beat in 1.. {
        if Instant::now() >= shared.until {
            break;
        }
        for (node, wires) in nodes.iter().enumerate() {
            let number = NUMBERS + node as u64;
            let random = Random::of(shared.seed, u64::from_be_bytes(*b"chaos pu"), number << 32 | beat);
            let worker = Worker {
                shared: shared.clone(),
                wires: wires.clone(),
                number,
                random,
                count: beat,
                remembered: Vec::new(),
            };
            beats.spawn(worker.beat());
        }
        tokio::time::sleep(PAUSE).await;
    }
    while beats.join_next().await.is_some() {}
}

impl Worker {
    async fn beat(mut self) {
        let of = format!("{PREFIX}{}-{}", self.number - NUMBERS, self.count % RESOURCES);
        let op = self.op();
        let content = Content::new(&op, &of);
        let body = body(&content, &of);
        let write = write_of(&op, &of, Change::Put(content));
        self.write(Call::Put { name: of, body, if_match: None, only_new: false }, write, None).await;
    }
}
