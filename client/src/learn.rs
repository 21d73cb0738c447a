//! Learns the cluster's map, beside the calls: when the first one goes out, when its time is over, when an answer or an error says
//! that it is old. No call ever waits for it, and none goes to an address that has not answered here before.

use crate::{Code, Error, Options, Result, api, endpoint::Endpoint, endpoints::Endpoints, map::Map};
use futures::future::join_all;
use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// A map is good for so long, where nothing says that it is old.
const GOOD: Duration = Duration::from_secs(10);
/// The same where there is nothing to choose.
const GOOD_ALONE: Duration = Duration::from_secs(60);
/// Nobody answered.
const AGAIN: Duration = Duration::from_secs(1);
/// No sooner after the last time.
const REST: Duration = Duration::from_millis(250);
/// A node that does not answer within this is not reached.
const ANSWER: Duration = Duration::from_secs(1);
/// One that was not reached is left alone for 1 s, doubling up to this.
const ALONE_MAX: Duration = Duration::from_secs(10);
/// More nodes are not gone to.
const NODES_MAX: usize = 64;

pub(crate) struct Learner {
    endpoints: Weak<Endpoints>,
    options: Options,
    told: api::MapResponse,
    /// Nodes at addresses that are not among the caller's, by address.
    doors: BTreeMap<String, Arc<Endpoint>>,
    /// Of each address that was not reached: how often, and when it is tried again.
    unreached: BTreeMap<String, (u32, Instant)>,
}

impl Learner {
    /// Until the endpoints are gone.
    pub(crate) fn start(endpoints: &Arc<Endpoints>, options: &Options) {
        let learner = Learner {
            endpoints: Arc::downgrade(endpoints),
            options: options.clone(),
            told: api::MapResponse::default(),
            doors: BTreeMap::new(),
            unreached: BTreeMap::new(),
        };
        let old = endpoints.old.clone();
        tokio::spawn(async move { learner.run(&old).await });
    }

    async fn run(mut self, old: &tokio::sync::Notify) {
        let mut rested = Instant::now();
        loop {
            old.notified().await;
            sleep_until(rested).await;
            let Some(endpoints) = self.endpoints.upgrade() else { return };
            let good_for = self.learn(&endpoints).await;
            endpoints.is_learnt(good_for);
            rested = Instant::now() + REST;
        }
    }

    /// How long what was learnt is good for.
    async fn learn(&mut self, endpoints: &Endpoints) -> Duration {
        let asked = endpoints.adviser();
        match asked.endpoint.map(self.told.version, ANSWER).await {
            Ok(told) => self.take(told),
            Err(error) if knows_no_map(&error) => {}
            Err(error) => {
                endpoints.tell(&asked, Some(&error));
                // Who is known may still be reached or not.
                self.reach(endpoints).await;
                return AGAIN;
            }
        }
        self.show(endpoints);
        self.reach(endpoints).await;
        let soonest = self.unreached.values().map(|(_, again)| again.duration_since(Instant::now())).min();
        match self.told.nodes.len() {
            // None yet, or one that is older than maps.
            0 if self.told.version > 0 => AGAIN,
            0 | 1 => GOOD_ALONE,
            _ => soonest.unwrap_or(GOOD).clamp(AGAIN, GOOD),
        }
    }

    fn take(&mut self, told: api::MapResponse) {
        if told.version == self.told.version {
            return;
        }
        if told.cluster != self.told.cluster {
            // The caller's endpoints are another service's now.
            self.doors.clear();
            self.unreached.clear();
        }
        self.told = told;
        self.told.nodes.truncate(NODES_MAX);
        let addresses: Vec<String> = self.addresses().map(|(_, address)| address).collect();
        self.doors.retain(|address, _| addresses.contains(address));
        self.unreached.retain(|address, _| addresses.contains(address));
        for address in addresses {
            // What is no address is no way.
            if !self.doors.contains_key(&address)
                && let Ok(door) = Endpoint::told(&address, self.told.cluster, &self.options)
            {
                self.doors.insert(address, Arc::new(door));
            }
        }
    }

    /// Each node with an address.
    fn addresses(&self) -> impl Iterator<Item = (u64, String)> {
        let known = self.told.nodes.iter().filter(|node| !node.address.is_empty());
        // Where the caller's endpoints are asked in secret, so are those that they told.
        let scheme = if self.options.tls.is_some() { "https" } else { "http" };
        known.map(move |node| (node.node_id, format!("{scheme}://{}", node.address)))
    }

    /// Each node and the way to it: the caller's own, where that is the same.
    fn ways(&self, endpoints: &Endpoints) -> Vec<(u64, Arc<Endpoint>)> {
        let way = |address: &str| {
            let given = endpoints.given.iter().find(|given| given.address.trim_end_matches('/') == address);
            given.or_else(|| self.doors.get(address)).cloned()
        };
        self.addresses().filter_map(|(node, address)| Some((node, way(&address)?))).collect()
    }

    /// Has calls go by what is known.
    fn show(&self, endpoints: &Endpoints) {
        let ways = self.ways(endpoints).into_iter();
        let reached = ways.filter(|(_, way)| !way.is_lost()).collect();
        endpoints.set_map(Map::of(&self.told, &reached));
    }

    /// Tries the nodes that do not answer, and the caller's endpoints that do not: whoever answers is gone to again.
    async fn reach(&mut self, endpoints: &Endpoints) {
        let now = Instant::now();
        let mut lost = self.ways(endpoints);
        // Which node is at one of the caller's does not matter.
        lost.extend(endpoints.given.iter().map(|given| (0, given.clone())));
        let is_due = |way: &Endpoint| {
            way.is_lost() && self.unreached.get(&way.address).is_none_or(|(_, again)| *again <= now)
        };
        lost.retain(|(_, way)| is_due(way));
        if lost.is_empty() {
            return;
        }
        let (version, cluster) = (self.told.version, self.told.cluster);
        let tried = lost.into_iter().map(|(node, way)| async move {
            let is_there = is_there(&way.map(version, ANSWER).await, node, cluster);
            (way, is_there)
        });
        for (way, is_there) in join_all(tried).await {
            if is_there {
                way.is_found();
                self.unreached.remove(&way.address);
                continue;
            }
            let tries = self.unreached.get(&way.address).map_or(0, |(tries, _)| *tries);
            let alone = AGAIN.saturating_mul(1 << tries.min(10)).min(ALONE_MAX);
            self.unreached.insert(way.address.clone(), (tries + 1, Instant::now() + alone));
        }
        self.show(endpoints);
    }
}

/// Whether that answer is that node's. One of the caller's (0) is there where it answers at all.
fn is_there(answer: &Result<api::MapResponse>, node: u64, cluster: u64) -> bool {
    match answer {
        Ok(told) => node == 0 || (told.seen_by, told.cluster) == (node, cluster),
        Err(error) => node == 0 && knows_no_map(error),
    }
}

/// Whether a server said so that is older than maps.
fn knows_no_map(error: &Error) -> bool {
    error.code() == Some(Code::NotSupported)
        || matches!(error, Error::Transport { code: tonic::Code::Unimplemented, .. })
}
