//! What the nodes of a simulated cluster are made of, and what of it outlives a crash.

use crate::{
    network::Network,
    options::{CURSOR_KEY, SYNC, options},
    rows,
    served::Served,
    tapped::{Heard, Tapped},
};
use anyhow::Context;
use cluster::{Entropy, Identity, Joining, MemoryFolder, MetaNode, sync_later};
use futures::future::BoxFuture;
use generator::random::Random;
use node::{clock::Clock, engine::Options, open::Parts, service::Node};
use proto::{PartitionId, api::v1 as api};
use std::{cell::RefCell, collections::BTreeMap, ops::RangeInclusive, sync::Arc, time::Duration};
use storage::{Disk, Store};
use testkit::simulation::{
    cluster::{Doors, Nodes, Operated, Placed, name},
    network::Ways,
};

/// One node's.
struct Machine {
    /// Of its own, so that what another node draws changes nothing here.
    entropy: Entropy,
    disk: Disk,
    folder: MemoryFolder,
    founds: bool,
    /// While it is there.
    life: Option<(Node, Arc<Store>)>,
}

pub struct Machines {
    seed: u64,
    machines: RefCell<BTreeMap<usize, Machine>>,
    network: Network,
    pub heard: Heard,
    /// A crash takes everything away from the first two that joined, but for who they are.
    is_forgetful: bool,
}

/// Which those are.
const FORGETFUL: RangeInclusive<usize> = 1..=2;
/// Nothing is kept there.
const FOLDER: &str = "nowhere";

impl Machines {
    pub fn new(seed: u64) -> Machines {
        let (network, heard) = (Network::new(seed), Heard::default());
        Machines { seed, machines: RefCell::default(), network, heard, is_forgetful: false }
    }

    /// A majority loses at each crash what it acknowledged.
    pub fn forgetful(seed: u64) -> Machines {
        Machines { is_forgetful: true, ..Machines::new(seed) }
    }

    fn with<T>(&self, at: usize, see: impl FnOnce(&mut Machine) -> T) -> T {
        let made = || Machine {
            entropy: Entropy::seeded(
                Random::of(self.seed, u64::from_be_bytes(*b"sim mchn"), at as u64).number(),
            ),
            disk: Disk::default(),
            folder: MemoryFolder::default(),
            founds: at == 0,
            life: None,
        };
        see(self.machines.borrow_mut().entry(at).or_insert_with(made))
    }

    fn store(&self, at: usize) -> anyhow::Result<Arc<Store>> {
        self.with(at, |machine| machine.life.as_ref().map(|(_, store)| store.clone())).context("it is away")
    }
}

/// Elections are quick: many fit into a run. Logs are short: who was away gets a snapshot.
fn options_of(at: usize) -> Options {
    let mut options = options();
    options.cluster.heartbeat = Duration::from_millis(60);
    options.cluster.group_log_bytes = 8 << 10;
    options.cluster.maintenance = Duration::from_millis(200);
    // Many pieces, so that ways break in the middle.
    options.cluster.snapshot_piece_bytes = 2 << 10;
    // Longer than any request takes, as everywhere.
    options.cluster.left_replicas_kept = Duration::from_secs(8);
    options.cluster.address = name(at);
    options
}

/// As `salamander start` does it: an empty folder joins, until it is answered; another is who it was.
async fn join(
    options: &mut Options,
    folder: Arc<MemoryFolder>,
    entropy: &Entropy,
    others: Doors<Served>,
) -> anyhow::Result<()> {
    const AGAIN: Duration = Duration::from_millis(200);
    if let Some(joining) = Joining::begin(folder.clone(), FOLDER.as_ref(), entropy)? {
        let mut random = Random::of(entropy.number(), 0, 0);
        let request = api::JoinRequest { token: joining.token(), address: options.cluster.address.clone() };
        let answer = loop {
            if let Some(member) = others.any(&mut random)
                && let Ok(answer) = member.join(request.clone()).await
            {
                break answer;
            }
            tokio::time::sleep(AGAIN).await;
        };
        let seed = |node: api::NodeStatus| MetaNode {
            node_id: node.node_id,
            address: node.address,
            ..MetaNode::default()
        };
        joining.end(Identity {
            node_id: answer.node_id,
            cluster_id: answer.cluster_id,
            partitions: answer.partitions,
            seeds: answer.nodes.into_iter().map(seed).collect(),
            ..Identity::default()
        })?;
    }
    let known = cluster::known(folder, FOLDER.as_ref(), options.cluster.node_id)?;
    options.cluster.node_id = known.identity.context("who joined has an identity")?.node_id;
    Ok(())
}

/// A node that has only its name left: neither its log nor its votes.
fn forget(machine: &mut Machine) -> anyhow::Result<()> {
    let old = Arc::new(std::mem::take(&mut machine.folder));
    machine.disk = Disk::default();
    if let Some(identity) = cluster::known(old, FOLDER.as_ref(), 0)?.identity {
        let new = Arc::new(machine.folder.clone());
        Joining::begin(new, FOLDER.as_ref(), &machine.entropy)?.context("a new folder")?.end(identity)?;
    }
    Ok(())
}

impl Nodes for Machines {
    type Api = Served;

    async fn start(&self, at: usize, now_ms: u64, others: Doors<Served>) -> anyhow::Result<Served> {
        let mut options = options_of(at);
        let (disk, folder, entropy, founds) = self.with(at, |machine| {
            let entropy = Entropy::seeded(machine.entropy.number());
            (machine.disk.clone(), Arc::new(machine.folder.clone()), entropy, machine.founds)
        });
        let transport = Tapped::of(&self.network, &name(at), &self.heard);
        if !founds {
            join(&mut options, folder.clone(), &entropy, others).await?;
        }
        let log = Arc::new(disk.open_log());
        tokio::spawn(sync_later(log.clone(), Entropy::seeded(entropy.number()), SYNC));
        let store = Arc::new(Store::in_memory(&disk));
        let parts = Parts {
            store: store.clone(),
            log,
            search: search::Engine::in_memory(&options.search, CURSOR_KEY),
            folder,
            transport,
            clock: Clock::of_runtime(now_ms),
            entropy,
        };
        let node = Node::of(options, parts).await?;
        self.with(at, |machine| machine.life = Some((node.clone(), store)));
        Ok(Served(node))
    }

    fn break_disk(&self, at: usize, operations: usize) {
        self.with(at, |machine| machine.disk.break_log_after(operations));
    }

    fn crash(&self, at: usize) {
        self.network.kill(&name(at));
        self.with(at, |machine| {
            machine.life = None;
            machine.disk.crash();
            machine.folder = machine.folder.after_crash();
            if self.is_forgetful && FORGETFUL.contains(&at) {
                forget(machine).expect("a folder in memory");
            }
        });
    }

    fn stop(api: Arc<Served>) -> BoxFuture<'static, ()> {
        Box::pin(async move { api.0.shutdown().await })
    }

    fn wipe(&self, at: usize) {
        self.with(at, |machine| {
            (machine.disk, machine.folder) = (Disk::default(), MemoryFolder::default());
            machine.founds = false;
        });
    }

    fn ready(&self, at: usize) -> Result<(), String> {
        let node = self.with(at, |machine| machine.life.as_ref().map(|(node, _)| node.clone()));
        let node = node.ok_or_else(|| "it is away".to_owned())?;
        node.failure().map_or(Ok(()), Err)?;
        node.ready()
    }

    fn ways(&self) -> &dyn Ways {
        &self.network
    }

    fn digests(&self, at: usize) -> anyhow::Result<BTreeMap<u32, u32>> {
        rows::digests(&*self.store(at)?, options().cluster.partitions)
    }

    fn places(&self, replicas: &BTreeMap<u32, usize>) -> anyhow::Result<Vec<Placed>> {
        let partition = |id: u32| Ok(self.store(replicas[&id])?.partition(PartitionId(id as u16))?);
        rows::places(&partition, options().cluster.partitions)
    }

    fn leaders(&self) -> BTreeMap<(u32, u64), Vec<u64>> {
        self.heard.leaders()
    }
}
