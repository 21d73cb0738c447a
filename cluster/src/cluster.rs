//! Starting and stopping the node's groups.

use crate::admission::Admission;
use crate::beats;
use crate::council::Council;
use crate::entropy::Entropy;
use crate::error::Error;
use crate::failure::{Failure, Failures, Part};
use crate::folder::Folder;
use crate::group::Group;
use crate::holding::Holding;
use crate::incoming::Incoming;
use crate::kept::Kept;
use crate::maintenance::Maintenance;
use crate::meta::{FEATURE_LEVEL, META, MetaState, MetaStore};
use crate::meters::Meters;
use crate::observer::Observer;
use crate::options::Options;
use crate::parts::Parts;
use crate::placing::{self, Placing};
use crate::raft::{Handle, Making, Means, Names, Network, Target};
use crate::threads;
use crate::vacating::Vacating;
use futures::future::{join_all, try_join_all};
use parking_lot::Mutex;
use proto::log::v1::{MetaCommand, MetaNode};
use proto::{PartitionId, PartitionMap};
use std::sync::Arc;
use storage::log::{Health, LogStore};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// All groups of this node.
pub struct Cluster {
    map: PartitionMap,
    groups: Vec<Arc<Group>>,
    /// The meta group, and who this node is in it.
    pub(crate) council: Council,
    folder: Arc<dyn Folder>,
    entropy: Entropy,
    failures: Failures,
    options: Options,
    tasks: Mutex<JoinSet<()>>,
    pub(crate) holding: Arc<Holding>,
    /// Held while a group is between two runs.
    vacating: Arc<tokio::sync::Mutex<()>>,
    pub(crate) kept: Arc<Kept>,
}

impl Cluster {
    /// Opens the meta group and all partitions; creates them on an empty store. Returns when every group that this node decides
    /// alone has applied its log; for other nodes it does not wait.
    pub async fn start(options: Options, parts: Parts) -> Result<Cluster, Error> {
        check(&options)?;
        let Parts { store, log, folder, observer, transport, entropy } = parts;
        let kept = Arc::new(Kept::new(log));
        let log: Arc<dyn LogStore> = kept.clone();
        let meters = Arc::new(Meters::new());
        let admission = Admission::new(log.clone(), options.proposals_max, options.proposal_bytes_max);
        let meta_store = Arc::new(MetaStore::open(folder.clone(), &options.dir)?);
        let node_id = check_meta(&options, &meta_store)?;

        let queue = Arc::new(Semaphore::new(options.log_queue_max));
        let means = Means {
            names: Arc::new(Names::new(node_id, entropy.number())),
            meters: meters.clone(),
            piece_bytes: options.snapshot_piece_bytes,
        };
        let open = |group: u32, target: Target| {
            let (transport, addresses) = (transport.clone(), meta_store.addresses().clone());
            Handle::open(Making {
                options: options.clone(),
                log: log.clone(),
                queue: queue.clone(),
                admission: admission.clone(),
                meters: meters.clone(),
                network: Network { group, node_id, transport, addresses, means: means.clone() },
                target,
                seed: entropy.seed(),
            })
        };
        let meta = open(META, Target::Meta(meta_store.clone())).await?;
        let map = PartitionMap::new(options.partitions);
        let mut groups = Vec::with_capacity(map.len());
        for id in map.partitions() {
            let partition = store.partition(id)?;
            let target = Target::Partition { id, partition: partition.clone(), observer: observer.clone() };
            let raft = open(u32::from(id.0), target).await?;
            let (admission, meters) = (admission.clone(), meters.clone());
            groups.push(Arc::new(Group { id, partition, raft, admission, meters, proved: Mutex::default() }));
        }
        let partitions = options.partitions;
        let mut cluster = Cluster {
            map,
            groups,
            council: Council {
                node_id,
                meta,
                meta_store,
                admission,
                transport,
                shuns_leading: Arc::default(),
            },
            folder,
            entropy,
            failures: Failures::new(),
            options,
            tasks: Mutex::default(),
            holding: Arc::new(Holding::new(usize::from(partitions))),
            vacating: Arc::default(),
            kept,
        };
        cluster.council.transport.serve(Arc::new(Incoming {
            node_id,
            groups: cluster.handles().map(|(_, handle)| handle.clone()).collect(),
            council: cluster.council.clone(),
            observer: observer.clone(),
        }));
        cluster.bring_up().await?;
        cluster.spawn_tasks(log, meters, observer);
        Ok(cluster)
    }

    /// Which partition a slot belongs to.
    pub fn map(&self) -> &PartitionMap {
        &self.map
    }

    /// The group of a partition; `None` where this node has no replica of it.
    pub fn group(&self, partition: PartitionId) -> Option<&Arc<Group>> {
        self.groups.get(usize::from(partition.0).checked_sub(1)?)
    }

    /// All groups of this node, by partition.
    pub fn groups(&self) -> &[Arc<Group>] {
        &self.groups
    }

    /// Resolves with the first part of the node that failed for good; waits for ever while all is well, also after a
    /// shutdown. The process should end then, so that its supervisor starts it again and recovery runs.
    pub fn failed(&self) -> impl Future<Output = Failure> + Send + use<> {
        self.failures.clone().wait()
    }

    /// The first part of the node that failed for good, if one has. [`Group::failure`] tells it of one group.
    pub fn failure(&self) -> Option<Failure> {
        self.failures.first()
    }

    /// What the meta group agreed on.
    pub fn meta(&self) -> MetaState {
        self.council.meta_store.state().unwrap_or_default()
    }

    /// Hands over what this node leads, where others can; rejects new proposals, waits for those in flight, flushes the tables
    /// (so that the next start replays nothing) and stops all groups. Afterwards nothing here uses the log or the store any
    /// more; they stay open. The observer hears nothing of it.
    pub async fn shutdown(&self) -> Result<(), Error> {
        placing::leave(self.placings().collect()).await;
        if tokio::time::timeout(self.options.shutdown_timeout, self.council.admission.drain()).await.is_err()
        {
            tracing::warn!(in_flight = self.council.admission.in_flight(), "stopping with writes in flight");
        }
        let flushes = self.groups.iter().map(|group| {
            let partition = group.partition.clone();
            threads::beside(move || partition.flush())
        });
        for flushed in join_all(flushes).await {
            // The log still has everything.
            if let Ok(Err(error)) = flushed {
                tracing::warn!(%error, "a partition was not flushed; the next start replays its log");
            }
        }
        // A group that is given up runs again first.
        let _still = tokio::time::timeout(self.options.shutdown_timeout, self.vacating.lock()).await;
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        tasks.shutdown().await;
        let stops = self.handles().map(|(_, handle)| async move { handle.shutdown().await });
        match tokio::time::timeout(self.options.shutdown_timeout, try_join_all(stops)).await {
            Ok(stopped) => stopped.map(drop),
            Err(_) => {
                tracing::warn!("parts of the groups are still running");
                Ok(())
            }
        }
    }

    async fn bring_up(&self) -> Result<(), Error> {
        let founds = self.council.meta_store.identity().is_none();
        let ready = self.handles().map(|(_, handle)| async move {
            handle.bootstrap(founds, &self.options).await?;
            handle.ready(founds, &self.options).await
        });
        try_join_all(ready).await?;
        check_meta(&self.options, &self.council.meta_store)?;
        let state = self.council.meta_store.state();
        let nodes = state.iter().flat_map(|state| &state.nodes);
        let known = nodes.clone().find(|node| node.node_id == self.council.node_id);
        let is_told = known.is_some_and(|node| node.address == self.options.address);
        if is_told || !founds || nodes.count() > 1 {
            // Where there are others, they may have to start before they can be told.
            return Ok(());
        }
        let (node_id, address) = (self.council.node_id, self.options.address.clone());
        let node = MetaNode { node_id, address, ..MetaNode::default() };
        let create = state.is_none().then(|| MetaState {
            cluster_id: format!("{:016x}{:016x}", self.entropy.number(), self.entropy.number()),
            partitions: u32::from(self.options.partitions),
            feature_level: FEATURE_LEVEL,
            ..MetaState::default()
        });
        self.council.agree(MetaCommand { create, register: Some(node), ..MetaCommand::default() }).await
    }

    fn spawn_tasks(&mut self, log: Arc<dyn LogStore>, meters: Arc<Meters>, observer: Arc<dyn Observer>) {
        for group in self.groups.clone() {
            let observer = observer.clone();
            let end = self.report_end(Part::Partition(group.id), group.raft.clone(), log.clone());
            self.tasks.get_mut().spawn(async move {
                let id = group.id;
                group.raft.watch_leadership(|leads| observer.leadership(id, leads)).await;
                end();
            });
        }
        let meta = self.council.meta.clone();
        let end = self.report_end(Part::Meta, meta.clone(), log.clone());
        self.tasks.get_mut().spawn(async move {
            meta.watch_leadership(|_| {}).await;
            end();
        });
        let maintenance = Maintenance {
            options: self.options.clone(),
            folder: self.folder.clone(),
            log: self.kept.clone(),
            admission: self.council.admission.clone(),
            failures: self.failures.clone(),
            meters,
            groups: self.handles().map(|(id, handle)| (id, handle.clone())).collect(),
        };
        self.tasks.get_mut().spawn(maintenance.run());
        let groups = self.handles().map(|(_, handle)| handle.clone()).collect();
        self.tasks.get_mut().spawn(beats::run(self.options.clone(), groups));
        self.holding.look(&self.council, &self.groups);
        let watching = self.holding.clone().watch(self.council.clone(), self.groups.clone());
        self.tasks.get_mut().spawn(watching);
        let vacating = Vacating {
            council: self.council.clone(),
            groups: self.groups.clone(),
            options: self.options.clone(),
            failures: self.failures.clone(),
            busy: self.vacating.clone(),
        };
        self.tasks.get_mut().spawn(vacating.run());
        let registering = self.council.clone().register(self.options.address.clone());
        self.tasks.get_mut().spawn(registering);
        let placings: Vec<Placing> = self.placings().collect();
        placings.into_iter().for_each(|placing| drop(self.tasks.get_mut().spawn(placing::place(placing))));
    }

    fn placings(&self) -> impl Iterator<Item = Placing> {
        self.handles().map(|(number, group)| Placing {
            number,
            group: group.clone(),
            council: self.council.clone(),
            pause: self.options.maintenance,
            tried: Mutex::default(),
        })
    }

    /// What is to be done when a group has ended.
    fn report_end(&self, part: Part, raft: Handle, log: Arc<dyn LogStore>) -> impl FnOnce() + Send + use<> {
        let failures = self.failures.clone();
        move || match (log.health(), raft.failure()) {
            // The log takes all groups with it: it is the cause.
            (Health::Failed(reason), _) => failures.report(Part::Log, &reason),
            (_, Some(reason)) => failures.report(part, &reason),
            (_, None) => {}
        }
    }

    pub(crate) fn log(&self) -> &dyn LogStore {
        self.council.admission.log()
    }

    pub(crate) fn folder(&self) -> &dyn Folder {
        self.folder.as_ref()
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn handles(&self) -> impl Iterator<Item = (u32, &Handle)> {
        let partitions = self.groups.iter().map(|group| (u32::from(group.id.0), &group.raft));
        std::iter::once((META, &self.council.meta)).chain(partitions)
    }
}

fn check(options: &Options) -> Result<(), Error> {
    let limit = PartitionMap::PARTITIONS_MAX;
    if options.partitions == 0 || options.partitions > limit {
        let reason = format!("{} is not within 1 to {limit}", options.partitions);
        return Err(Error::Option { name: "partitions", reason });
    }
    if options.log_queue_max == 0 {
        return Err(Error::Option { name: "log_queue_max", reason: "nothing could be written".to_owned() });
    }
    if options.node_id == 0 {
        return Err(Error::Option { name: "node_id", reason: "0 is no node".to_owned() });
    }
    Ok(())
}

/// Who this node is, if options and stored state fit each other.
fn check_meta(options: &Options, store: &MetaStore) -> Result<u64, Error> {
    let (state, identity) = (store.state(), store.identity());
    let node_id = identity.as_ref().map_or(options.node_id, |identity| identity.node_id);
    let partitions = identity.map(|identity| identity.partitions);
    let stored = partitions.or(state.as_ref().map(|state| state.partitions)).unwrap_or_default() as u16;
    if stored > 0 && stored != options.partitions {
        return Err(Error::Partitions { stored, configured: options.partitions });
    }
    let Some(state) = state else { return Ok(node_id) };
    if state.feature_level > FEATURE_LEVEL {
        return Err(Error::NewerFeatures { stored: state.feature_level, supported: FEATURE_LEVEL });
    }
    // A data folder under another node's number is a mistake of the operator: that of a node that joined is in its identity, and who
    // founded the cluster is the one that never asked to join.
    let founder = state.nodes.iter().find(|node| node.token.is_empty());
    match founder {
        Some(founder) if store.identity().is_none() && founder.node_id != node_id => {
            Err(Error::Node { stored: founder.node_id, configured: node_id })
        }
        _ => Ok(node_id),
    }
}
