//! More nodes than hold each partition: what is where.

use super::world::World;
use super::{TENANT, key};
use cluster::{Cluster, Group, Standing};
use std::sync::Arc;
use std::time::Duration;
use storage::log::LogStore;
use tokio::time::{Instant, sleep, timeout};

/// Voters of each group, where there are as many nodes.
const REPLICAS: usize = 3;

impl World {
    /// Until every partition is on as many of the members as it should be, with all its entries, and nothing of it is left on any
    /// other node.
    pub async fn placed(&self, members: &[u64]) {
        let mut last = String::new();
        let placed = async {
            while let Err(reason) = self.look(members) {
                last = reason;
                sleep(Duration::from_millis(100)).await;
            }
        };
        if timeout(Duration::from_secs(180), placed).await.is_err() {
            self.tell();
            panic!("the cluster does not come to rest: {last}");
        }
    }

    fn look(&self, members: &[u64]) -> Result<(), String> {
        let nodes = self.living();
        nodes
            .iter()
            .try_for_each(|node| node.failure().map_or(Ok(()), |failure| Err(format!("{failure:?}"))))?;
        for place in 0..nodes[0].groups().len() {
            let group = |node: &Arc<Cluster>| node.groups()[place].clone();
            let leader = nodes.iter().find(|node| group(node).is_leader()).ok_or("no leader")?;
            let view = &leader.views()[place + 1].1;
            let is_whole = view.voters.len() == members.len().min(REPLICAS)
                && view.voters.iter().all(|voter| members.contains(voter));
            if !is_whole || view.is_joint || !view.learners.is_empty() {
                return Err(format!("{}: {view:?}", group(leader).id()));
            }
            for node in &nodes {
                let (rows, id) = (group(node), node.node_id());
                let applied = rows.partition().applied().index;
                match view.voters.contains(&id) {
                    true if applied < view.appended => return Err(format!("{id} lags at {}", rows.id())),
                    false if self.has_anything(node, &rows) => {
                        return Err(format!("{id} has something of {}: {applied} entries", rows.id()));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn has_anything(&self, node: &Arc<Cluster>, group: &Group) -> bool {
        let machines = self.machines.lock();
        let state = machines.iter().find_map(|machine| {
            let is_it = machine.cluster.as_ref().is_some_and(|cluster| Arc::ptr_eq(cluster, node));
            machine.log.as_ref().filter(|_| is_it).map(|log| log.state(u32::from(group.id().0)))
        });
        let state = state.unwrap_or_default();
        let rows = group.partition();
        let is_empty = rows.digest().unwrap() == 0 && rows.durable_index().unwrap() == 0;
        state.last.is_some() || state.purged.is_some() || !is_empty
    }

    /// Takes the power from nodes that have something to give up, and from others.
    pub async fn crash_givers(&self, until: Instant) {
        while Instant::now() < until {
            sleep(Duration::from_millis(self.entropy.number() % 1_500)).await;
            let count = self.machines.lock().len();
            let givers: Vec<usize> = (0..count).filter(|at| self.gives(*at)).collect();
            let at = match givers.len() {
                0 => self.entropy.number() as usize % count,
                some => givers[self.entropy.number() as usize % some],
            };
            self.crash_soon(at).await;
            sleep(Duration::from_millis(self.entropy.number() % 3_000)).await;
            self.start(at).await;
        }
    }

    /// Whether the node there has a replica of a partition that should be elsewhere.
    fn gives(&self, at: usize) -> bool {
        let Some(node) = self.machines.lock()[at].cluster.clone() else { return false };
        let is_left =
            |group: &Arc<Group>| !node.should_hold(group.id()) && group.partition().applied().index > 0;
        node.groups().iter().any(is_left)
    }

    /// Has one node after the other give up its replicas, and take some again.
    pub async fn drain_and_undo(&self, until: Instant) {
        while Instant::now() < until {
            let node = 1 + self.entropy.number() % 5;
            for standing in [Standing::Draining, Standing::Member] {
                while let Some(asked) = self.living().first().cloned() {
                    let done = asked.stand(node, standing);
                    if timeout(Duration::from_secs(15), done).await.is_ok_and(|done| done.is_ok()) {
                        break;
                    }
                }
                sleep(Duration::from_millis(self.entropy.number() % 9_000)).await;
            }
        }
    }

    /// How many replicas went.
    pub fn went(&self) -> usize {
        self.heard.lock().iter().map(|heard| heard.vacated.lock().len()).sum()
    }

    /// The replicas of each partition hold the same, and what was acknowledged. To be called when all is placed.
    pub fn check_placed(&self) {
        let nodes = self.living();
        for place in 0..nodes[0].groups().len() {
            let leader = nodes.iter().find(|node| node.groups()[place].is_leader()).unwrap();
            let view = &leader.views()[place + 1].1;
            let holders = nodes.iter().filter(|node| view.voters.contains(&node.node_id()));
            let digests: Vec<u32> =
                holders.map(|node| node.groups()[place].partition().digest().unwrap()).collect();
            assert!(digests.len() == view.voters.len() && digests.iter().all(|digest| *digest == digests[0]));
        }
        for (name, (acknowledged, tried)) in &*self.known.lock() {
            let partition = nodes[0].map().partition_of(key(name).compartment.slot);
            let leader = nodes.iter().find(|node| node.group(partition).unwrap().is_leader()).unwrap();
            let rows = leader.group(partition).unwrap().partition();
            let found = rows.get(TENANT, &key(name)).unwrap().map_or(0, |found| found.version);
            assert!(*acknowledged <= found && found <= *tried, "{name}: {acknowledged}, {found}, {tried}");
        }
    }
}
