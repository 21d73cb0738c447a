//! From a folder to a running node: the one place that knows which parts a node is made of.

mod failure;
mod figures;
mod observer;
mod parts;

pub use parts::Parts;

use crate::{
    clock::Clock,
    compartment::{Actors, Keys},
    conformance::{self, Conformance},
    dropping,
    engine::{
        Doors, Engine, Finished, Options, OwnBases, Parameters, ReferenceCache, Tenants, Threads, Tokens,
        Turns, Visibility,
    },
    host::elsewhere,
    indexing,
    service::{Node, STREAMS_MAX, age, clocks, routing},
    writer,
};
use cluster::{Cluster, Entropy, Folder, Transport};
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use storage::{Store, log::LogStore};
use tokio::{sync::Semaphore, time::sleep};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the data folder {dir}: {source}")]
    Storage { dir: String, source: storage::Error },
    #[error("cannot open the log {}: {source}", dir.display())]
    Log { dir: PathBuf, source: std::io::Error },
    #[error("cannot open the search index: {0}")]
    Search(#[from] search::Error),
    #[error(transparent)]
    Packages(#[from] conformance::PackageError),
    #[error(transparent)]
    Profile(#[from] conformance::UnknownProfile),
    #[error("cannot find the stored definitions: {0}")]
    Definitions(#[from] proto::Error),
    #[error("cannot start the Raft groups: {0}")]
    Cluster(#[from] cluster::Error),
    #[error("cannot start the actors: {0}")]
    Actors(#[from] crate::compartment::StartError),
}

impl Node {
    /// Opens the data folder (created if absent), brings search up to the tables, replays the log, and returns once
    /// every partition can serve; where other nodes have votes too, it does not wait for leaders: requests do.
    ///
    /// # Errors
    /// What cannot be opened; a partition that gets no leader in time.
    pub async fn open(options: Options, transport: Arc<dyn Transport>) -> Result<Node, OpenError> {
        Node::open_on(options, |options| Parts::open(options, transport)).await
    }

    /// The same on parts of the caller's, whatever the options say of folders.
    ///
    /// # Errors
    /// As [`Node::open`].
    pub async fn of(options: Options, parts: Parts) -> Result<Node, OpenError> {
        Node::open_on(options, |_| Ok(parts)).await
    }

    async fn open_on(
        options: Options,
        parts: impl FnOnce(&Options) -> Result<Parts, OpenError> + Send + 'static,
    ) -> Result<Node, OpenError> {
        // Files are read and replayed: not on a thread of the runtime, where a signal to stop is heard meanwhile.
        let opening = elsewhere(move || Opened::on(parts(&options)?, options));
        let opened = opening.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        Node::start(opened?).await
    }

    async fn start(opened: Opened) -> Result<Node, OpenError> {
        let Opened { options, store, log, search, folder, transport, clock, entropy, definitions, packages } =
            opened;
        let references = Arc::new(ReferenceCache::new(options.reference_cache_max));
        let visibility = Arc::new(Visibility::default());
        let observer = Arc::new(observer::Observer {
            store: store.clone(),
            search: search.clone(),
            references: references.clone(),
            definitions: definitions.clone(),
            visibility: visibility.clone(),
            clock: clock.clone(),
            node: OnceLock::new(),
            runtime: tokio::runtime::Handle::current(),
        });
        let heard: Arc<dyn cluster::Observer> = observer.clone();
        let entropy_of_groups = entropy.clone();
        let parts =
            cluster::Parts { store, log, folder, observer: heard, transport, entropy: entropy_of_groups };
        let cluster = Cluster::start(options.cluster.clone(), parts).await?;
        let conformance = Conformance::new(definitions, packages, &options.profiles, options.issues_max);
        // Only now the log is replayed, which may hold the profiles.
        if let Err(unknown) = conformance.check_profiles() {
            if cluster.is_alone() {
                return Err(unknown.into());
            }
            tracing::warn!("{unknown}; until another node tells of it, writes are refused here");
        }
        let tokens = Tokens::new(options.cluster.node_id, entropy.number());
        let threads = Threads::new(options.computations_max);
        let groups = cluster.groups().to_vec();
        groups.iter().for_each(|group| clock.saw(group.partition().applied().time_ms));
        let actors = Actors::start(&groups, &clock, &options.actors).await?;
        let bases = OwnBases::of_default(options.base_url.as_deref(), &options.further_bases);
        let engine = Arc::new_cyclic(|this| Engine {
            this: this.clone(),
            options,
            cluster,
            search,
            actors,
            keys: Keys::default(),
            references,
            clock,
            entropy,
            visibility,
            turns: Turns::default(),
            tokens,
            finished: Finished::default(),
            threads,
            conformance,
            doors: Doors::default(),
            parameters: Parameters::default(),
            tenants: Tenants::default(),
            bases: Arc::new(bases),
            backups: Arc::new(Semaphore::new(STREAMS_MAX)),
        });
        // From here on leadership changes reach the node. What was prepared before is settled behind the requests; one that
        // meets it does not wait for that.
        let _ = observer.node.set(Arc::downgrade(&engine));
        for group in &groups {
            cluster::Observer::leadership(&*observer, group.id(), group.is_leader());
        }
        tokio::spawn(writer::resolve(Arc::downgrade(&engine)));
        tokio::spawn(clocks::watch(Arc::downgrade(&engine)));
        tokio::spawn(age::watch(Arc::downgrade(&engine)));
        tokio::spawn(routing::watch(Arc::downgrade(&engine)));
        tokio::spawn(indexing::run(Arc::downgrade(&engine)));
        tokio::spawn(dropping::run(Arc::downgrade(&engine)));
        seal(&engine);
        Ok(Node { engine })
    }

    /// Ends the node: nothing new is taken, what is in flight is committed, tables and index are flushed.
    pub async fn shutdown(&self) {
        for partition in self.engine.partitions() {
            self.engine.actors.stop(partition);
        }
        if let Err(error) = self.engine.cluster.shutdown().await {
            tracing::error!(%error, "the groups did not stop cleanly; the log is replayed at the next start");
        }
    }

    /// `Err` says what is missing before the node can serve.
    pub fn ready(&self) -> Result<(), String> {
        let cluster = &self.engine.cluster;
        if !cluster.is_alone() && (cluster.chief().is_none() || cluster.meta().nodes.is_empty()) {
            return Err("no leader is known, or who the nodes are".to_owned());
        }
        let held: Vec<&Arc<cluster::Group>> =
            cluster.groups().iter().filter(|group| cluster.should_hold(group.id())).collect();
        let missing = |group: &&&Arc<cluster::Group>| !(group.is_leader() || group.follows());
        let leaderless: Vec<String> =
            held.iter().filter(missing).map(|group| group.id().to_string()).collect();
        let rebuilt = cluster.groups().iter().find(|group| group.is_rebuilding());
        if let Some(group) = rebuilt {
            return Err(format!("the index of {} is rebuilt from rows of another node", group.id()));
        }
        let is_behind = |group: &&Arc<cluster::Group>| !group.is_leader() && !cluster.holds(group.id());
        if leaderless.is_empty() && !cluster.is_alone() && held.iter().any(is_behind) {
            return Err("its replicas are behind those of others".to_owned());
        }
        match leaderless.is_empty() {
            true => Ok(()),
            false => Err(format!("no leader for {}", leaderless.join(", "))),
        }
    }
}

/// Pages that begin on one node go on on every other: all sign their links with what they agreed on, which is the founder's.
fn seal(engine: &Arc<Engine>) {
    let agreed = engine.cluster.meta().seal;
    if !agreed.is_empty() {
        return engine.search.signer().agree(&agreed);
    }
    let engine = Arc::downgrade(engine);
    tokio::spawn(async move {
        while let Some(engine) = engine.upgrade() {
            let own = engine.search.signer().key().to_vec().into();
            match engine.cluster.seal(own).await {
                Ok(agreed) => return engine.search.signer().agree(&agreed),
                Err(error) => tracing::debug!(%error, "what links are signed with is not agreed on yet"),
            }
            drop(engine);
            sleep(SEAL_AGAIN).await;
        }
    });
}

/// Between two tries.
const SEAL_AGAIN: Duration = Duration::from_millis(500);

/// What a node has before its groups run.
struct Opened {
    options: Options,
    store: Arc<Store>,
    log: Arc<dyn LogStore>,
    search: Arc<search::Engine>,
    folder: Arc<dyn Folder>,
    transport: Arc<dyn Transport>,
    clock: Clock,
    entropy: Entropy,
    definitions: Arc<conformance::Stored>,
    packages: Vec<Arc<fhir::conformance::Package>>,
}

impl Opened {
    /// Brings search up to the tables, and finds the definitions.
    fn on(parts: Parts, options: Options) -> Result<Opened, OpenError> {
        let dir = options.data_dir.display().to_string();
        let failed = |source| OpenError::Storage { dir: dir.clone(), source };
        let Parts { store, log, search: (search, recovered), folder, transport, clock, entropy } = parts;
        let search = Arc::new(search);
        for partition in (1..=options.cluster.partitions).map(proto::PartitionId) {
            let rows = store.partition(partition).map_err(failed)?;
            let mut from = recovered.index_of(partition);
            if from > 0 && rows.applied().index == 0 {
                // Of a replica that went elsewhere, and whose rows are gone: what comes next are entries from the first on.
                search.blocking_forget(partition);
                from = 0;
            }
            replay(&search, from, partition, &rows, &mut |_| ()).map_err(failed)?;
        }
        let cache_bytes = options.conformance_cache_bytes;
        let definitions =
            Arc::new(conformance::Stored::new(store.clone(), options.json.clone(), cache_bytes));
        for tenant in cluster::known_tenants(folder.clone(), &options.cluster.dir)? {
            definitions.fill(&search, tenant)?;
        }
        let packages = conformance::load(&options.packages)?;
        Ok(Opened { options, store, log, search, folder, transport, clock, entropy, definitions, packages })
    }
}

/// Gives search what the tables have and it has not from that entry on, and then shows it to `see`.
fn replay(
    search: &search::Engine,
    from: u64,
    partition: proto::PartitionId,
    rows: &storage::Partition,
    see: &mut dyn FnMut(&[storage::Change]),
) -> Result<(), storage::Error> {
    const CHUNK: usize = 1000;
    let mut chunk = Vec::with_capacity(CHUNK);
    for change in rows.feed(from)? {
        chunk.push(change?.1);
        if chunk.len() == CHUNK {
            search.blocking_replay(partition, &chunk);
            see(&chunk);
            chunk.clear();
        }
    }
    search.blocking_replay(partition, &chunk);
    see(&chunk);
    search.blocking_publish(partition, rows.applied().index, &[]);
    Ok(())
}
