//! Several nodes of one cluster, asked at random: another where one is away.

use super::{Call, Reply, Server, Wire, Wires};
use futures::future::BoxFuture;
use generator::random::Random;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub(super) struct Any {
    each: Vec<Wires>,
    state: Mutex<State>,
}

struct State {
    random: Random,
    /// Until when a node is asked only where no other is left.
    away: Vec<Instant>,
}

/// Most requests wait so long; some as long as the wire does, and hear what a node says that stood still.
const PATIENCE: Duration = Duration::from_secs(3);
/// So long is a node spared that did not answer.
const SPARED: Duration = Duration::from_secs(1);

impl Any {
    pub(super) fn new(each: Vec<Wires>, seed: u64) -> Any {
        let away = vec![Instant::now(); each.len()];
        let random = Random::of(seed, u64::from_be_bytes(*b"chaos an"), 0);
        Any { each, state: Mutex::new(State { random, away }) }
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// In which order the nodes are asked, and how long one is waited for.
    fn plan(&self) -> (Vec<usize>, Duration) {
        self.state(|state| {
            let mut order: Vec<(bool, u64, usize)> = (0..self.each.len())
                .map(|at| (state.away[at] > Instant::now(), state.random.number(), at))
                .collect();
            if state.random.chance(50) {
                order.iter_mut().for_each(|(away, ..)| *away = false);
            }
            order.sort_unstable();
            let patience = if state.random.chance(100) { PATIENCE * 20 } else { PATIENCE };
            (order.into_iter().map(|(.., at)| at).collect(), patience)
        })
    }

    async fn ask(&self, wire: Wire, call: &Call, key: Option<&str>) -> Reply {
        let (order, patience) = self.plan();
        let mut last = Reply::Refused(None, "there is no node".to_owned());
        for at in order {
            let Ok(reply) = tokio::time::timeout(patience, self.each[at].send(wire, call, key)).await else {
                self.spare(at);
                return Reply::Unknown(format!("node {}: no answer within {patience:?}", at + 1));
            };
            match reply {
                Reply::Refused(None, text) => {
                    self.spare(at);
                    last = Reply::Refused(None, text);
                }
                Reply::Refused(code, text) => {
                    return Reply::Refused(code, format!("node {}: {text}", at + 1));
                }
                Reply::Unknown(text) => return Reply::Unknown(format!("node {}: {text}", at + 1)),
                reply => return reply,
            }
        }
        last
    }

    fn spare(&self, at: usize) {
        self.state(|state| state.away[at] = Instant::now() + SPARED);
    }
}

impl Server for Any {
    fn send<'a>(&'a self, wire: Wire, call: &'a Call, key: Option<&'a str>) -> BoxFuture<'a, Reply> {
        Box::pin(self.ask(wire, call, key))
    }
}
