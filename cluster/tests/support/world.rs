//! Machines, their network, clients, and what befalls them.

use super::network::Network;
use super::seen::{Digests, Seen};
use super::tapped::{Snapshots, Tapped};
use super::{Heard, TENANT, key, options, put};
use bytes::Bytes;
use cluster::{
    Cluster, Entropy, Identity, Joining, MemoryFolder, Options, Parts, Proof, ProposeError, sync_later,
};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::log::MemoryLog;
use storage::{Applied, Disk, Store};
use testkit::simulation::network::Ways;
use tokio::runtime::{Builder, RngSeed};
use tokio::time::{Instant, sleep, timeout};

const WRITERS: usize = 6;

/// What a node keeps when it crashes.
pub struct Machine {
    address: String,
    disk: Disk,
    folder: MemoryFolder,
    pub cluster: Option<Arc<Cluster>>,
    pub log: Option<Arc<MemoryLog>>,
}

pub struct World {
    pub entropy: Entropy,
    pub proof: Mutex<Proof>,
    pub network: Network,
    pub machines: Mutex<Vec<Machine>>,
    /// Of all lives of all nodes.
    pub heard: Mutex<Vec<Arc<Heard>>>,
    /// By name: what was acknowledged last, and what may have been written beyond.
    pub known: Mutex<BTreeMap<String, (u64, u64)>>,
    pub digests: Digests,
    pub snapshots: Snapshots,
}

impl World {
    pub fn new(seed: u64) -> Arc<World> {
        let entropy = Entropy::seeded(seed);
        let network = Network::new(entropy.number());
        let (proof, machines, heard, known, digests, snapshots) = Default::default();
        Arc::new(World { entropy, proof, network, machines, heard, known, digests, snapshots })
    }

    pub fn add_machine(&self) -> usize {
        let mut machines = self.machines.lock();
        let address = format!("n{}", machines.len() + 1);
        machines.push(Machine {
            address,
            disk: Disk::default(),
            folder: MemoryFolder::default(),
            cluster: None,
            log: None,
        });
        machines.len() - 1
    }

    /// Starts what was never started, or crashed.
    pub async fn start(&self, at: usize) -> Arc<Cluster> {
        let (address, disk, folder) = {
            let machine = &self.machines.lock()[at];
            (machine.address.clone(), machine.disk.clone(), machine.folder.clone())
        };
        let log = Arc::new(disk.open_log());
        let latency = Duration::from_micros(100)..Duration::from_millis(5);
        let seed = || Entropy::seeded(self.entropy.number());
        tokio::spawn(sync_later(log.clone(), seed(), latency));
        let store = Arc::new(Store::in_memory(&disk));
        let seen = Some(Seen { store: store.clone(), digests: self.digests.clone() });
        let heard = Arc::new(Heard { seen, ..Heard::default() });
        self.heard.lock().push(heard.clone());
        let parts = Parts {
            store,
            log: log.clone(),
            folder: Arc::new(folder),
            observer: heard,
            transport: Tapped::of(&self.network, &address, &self.snapshots),
            entropy: seed(),
        };
        // Small, so that there are flushes, purges and so snapshots.
        let options = Options {
            address,
            group_log_bytes: 4_000,
            maintenance: Duration::from_millis(200),
            proof: *self.proof.lock(),
            left_replicas_kept: Duration::from_secs(1),
            snapshot_piece_bytes: 1_000,
            ..options("nowhere".as_ref())
        };
        let cluster = Arc::new(within("a start", Cluster::start(options, parts)).await.unwrap());
        let machine = &mut self.machines.lock()[at];
        (machine.cluster, machine.log) = (Some(cluster.clone()), Some(log));
        cluster
    }

    /// A new node joins by way of another one.
    pub async fn join(&self, by: &Cluster) -> usize {
        let at = self.add_machine();
        self.join_at(at, by).await.unwrap();
        at
    }

    /// The disk of a node that does not run is replaced by an empty one.
    pub fn wipe(&self, at: usize) {
        let machine = &mut self.machines.lock()[at];
        (machine.disk, machine.folder) = (Disk::default(), MemoryFolder::default());
    }

    /// A machine with an empty disk joins.
    pub async fn join_at(&self, at: usize, by: &Cluster) -> Result<(), cluster::Error> {
        let (address, folder) = {
            let machine = &self.machines.lock()[at];
            (machine.address.clone(), Arc::new(machine.folder.clone()))
        };
        let joining = Joining::begin(folder, "nowhere".as_ref(), &self.entropy).unwrap().unwrap();
        let node = by.admit(joining.token(), address).await?;
        let meta = by.meta();
        let (cluster_id, partitions) = (meta.cluster_id, meta.partitions);
        let identity = Identity {
            node_id: node.node_id,
            cluster_id,
            partitions,
            seeds: meta.nodes,
            ..Identity::default()
        };
        joining.end(identity)?;
        self.start(at).await;
        Ok(())
    }

    /// The disk takes a few more operations, and then the node is gone.
    pub async fn crash_soon(&self, at: usize) {
        self.machines.lock()[at].disk.break_log_after(self.entropy.number() as usize % 12);
        sleep(Duration::from_millis(self.entropy.number() % 60)).await;
        self.crash(at);
    }

    pub fn crash(&self, at: usize) {
        let machine = &mut self.machines.lock()[at];
        self.network.kill(&machine.address);
        machine.disk.crash();
        machine.folder = machine.folder.after_crash();
        // What lives on of it writes nowhere and reaches nobody; it is ended, so that it takes no time.
        if let Some(cluster) = machine.cluster.take() {
            tokio::spawn(async move { cluster.shutdown().await });
        }
    }

    pub fn living(&self) -> Vec<Arc<Cluster>> {
        self.machines.lock().iter().filter_map(|machine| machine.cluster.clone()).collect()
    }

    /// Until every group has the wanted voters, one leader that all know, and its entries everywhere; each leads its share.
    pub async fn settled(&self, voters: &[u64]) {
        let settled = async {
            loop {
                sleep(Duration::from_millis(100)).await;
                let nodes = self.living();
                let states: Vec<_> = nodes.iter().map(|node| node.views()).collect();
                let good = (0..states[0].len()).all(|group| {
                    let views: Vec<_> = nodes
                        .iter()
                        .zip(&states)
                        .filter(|(node, _)| voters.contains(&node.node_id()))
                        .map(|(_, views)| &views[group].1)
                        .collect();
                    let first = views[0];
                    first.leader.is_some()
                        && views.iter().all(|view| {
                            view.leader == first.leader
                                && view.applied == first.applied
                                && view.appended == first.appended
                                && !view.is_joint
                                && view.voters.iter().eq(voters)
                        })
                });
                let holder = nodes.iter().position(|node| voters.contains(&node.node_id())).unwrap();
                let leads = |voter: &u64| {
                    states[holder][1..].iter().filter(|(_, view)| view.leader == Some(*voter)).count()
                };
                let least = (states[0].len() - 1) / voters.len();
                if good && voters.iter().all(|voter| leads(voter) >= least) {
                    return;
                }
            }
        };
        if timeout(Duration::from_secs(120), settled).await.is_err() {
            self.tell();
            panic!("the cluster does not settle");
        }
    }

    /// For who looks for a fault.
    pub fn tell(&self) {
        for node in self.living() {
            eprintln!("node {}, {:?}", node.node_id(), node.failure());
            node.views().iter().for_each(|(group, view)| eprintln!("  {group}: {view:?}"));
        }
    }

    /// Writes versions of one name until told to end, at whoever leads.
    pub async fn write(self: Arc<Self>, name: String, until: Instant) {
        while Instant::now() < until {
            let leader = self.living().into_iter().find(|node| {
                let partition = node.map().partition_of(key(&name).compartment.slot);
                node.group(partition).is_some_and(|group| group.is_leader())
            });
            let Some(node) = leader else {
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            let group = node.group(node.map().partition_of(key(&name).compartment.slot)).unwrap();
            if timeout(Duration::from_secs(10), group.read_barrier()).await.map_or(true, |done| done.is_err())
            {
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            let found = group.partition().get(TENANT, &key(&name)).unwrap().map_or(0, |found| found.version);
            let (acknowledged, tried) = *self.known.lock().entry(name.clone()).or_default();
            assert!(acknowledged <= found && found <= tried, "{name}: {acknowledged}, {found} read, {tried}");
            let version = found + 1;
            self.known.lock().insert(name.clone(), (found, tried.max(version)));
            let body = Bytes::from(vec![b'x'; self.entropy.number() as usize % 400]);
            sleep(Duration::from_micros(self.entropy.number() % 100_000)).await;
            let proposed = timeout(Duration::from_secs(20), group.propose(put(&name, version, &body))).await;
            // A process that died answers nobody; its remains in this one may wait for a disk that is no more.
            let died = !self.living().iter().any(|living| Arc::ptr_eq(living, &node));
            if proposed.is_err() && !died {
                self.tell();
                panic!("a proposal does not end");
            }
            match proposed.unwrap_or_else(|_| Err(ProposeError::Unknown("the node died".to_owned()))) {
                Ok(Applied::Done) => {
                    let known = &mut *self.known.lock();
                    known.get_mut(&name).unwrap().0 = version;
                }
                // An earlier try whose outcome was not known came first.
                Ok(_) | Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// All replicas hold the same, and what was acknowledged.
    pub fn check(&self, voters: &[u64]) {
        let nodes = self.living();
        let holders: Vec<_> = nodes.iter().filter(|node| voters.contains(&node.node_id())).collect();
        for group in holders[0].groups() {
            let digests: Vec<u32> = holders
                .iter()
                .map(|node| node.group(group.id()).unwrap().partition().digest().unwrap())
                .collect();
            assert!(digests.iter().all(|digest| *digest == digests[0]), "{}: {digests:x?}", group.id());
        }
        for (name, (acknowledged, tried)) in &*self.known.lock() {
            let partition = holders[0].map().partition_of(key(name).compartment.slot);
            let rows = holders[0].group(partition).unwrap().partition();
            let found = rows.get(TENANT, &key(name)).unwrap().map_or(0, |found| found.version);
            assert!(*acknowledged <= found && found <= *tried, "{name}: {acknowledged}, {found}, {tried}");
        }
    }

    pub async fn chaos(&self, until: Instant) {
        let began = Instant::now();
        while Instant::now() < until {
            sleep(Duration::from_millis(self.entropy.number() % 4_000)).await;
            let count = self.machines.lock().len();
            let (at, other) =
                (self.entropy.number() as usize % count, self.entropy.number() as usize % count);
            let address = |at: usize| self.machines.lock()[at].address.clone();
            eprintln!("{:?}: chaos at {}", began.elapsed(), address(at));
            match self.entropy.number() % 4 {
                0 | 1 => {
                    self.crash(at);
                    sleep(Duration::from_millis(self.entropy.number() % 6_000)).await;
                    self.start(at).await;
                }
                2 => self.network.cut(&address(at), &address(other)),
                _ => {
                    (0..count).filter(|other| *other != at).for_each(|other| {
                        self.network.cut(&address(at), &address(other));
                        self.network.cut(&address(other), &address(at));
                    });
                }
            }
            sleep(Duration::from_millis(self.entropy.number() % 5_000)).await;
            self.network.heal();
        }
    }
}

/// Nothing is waited for for ever.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), work).await.unwrap_or_else(|_| panic!("{what} does not end"))
}

pub fn run(seed: u64, story: impl AsyncFnOnce(Arc<World>)) {
    eprintln!("seed {seed}");
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).rng_seed(RngSeed::from_bytes(&seed.to_le_bytes()));
    runtime.build().unwrap().block_on(story(World::new(seed)));
}

pub async fn three_nodes(world: &Arc<World>) {
    let first = world.add_machine();
    let founder = world.start(first).await;
    world.join(&founder).await;
    world.join(&founder).await;
}

pub fn writers(world: &Arc<World>, until: Instant) -> Vec<tokio::task::JoinHandle<()>> {
    (0..WRITERS).map(|writer| tokio::spawn(world.clone().write(format!("w{writer}"), until))).collect()
}
