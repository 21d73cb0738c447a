//! A whole node in one thread, on parts in memory, under a paused clock: what it does follows from a seed, bit by bit,
//! and what it acknowledged outlives a crash at any moment.

mod support;

use bytes::Bytes;
use cluster::{Cluster, Entropy, MemoryFolder, Nowhere, Options, Parts, ProposeError, sync_later};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::log::LogStore;
use storage::{Applied, Disk, Store};
use support::{Heard, Node, TENANT, key, options, put};
use tokio::runtime::{Builder, RngSeed};
use tokio::time::Instant;

const WRITERS: usize = 8;
const LIVES: u64 = 4;
/// Of one writer in one life, unless the crash comes first.
const WRITES: u64 = 40;

/// What survives, and what the outside saw.
struct World {
    entropy: Entropy,
    disk: Disk,
    folder: MemoryFolder,
    /// By name: what was acknowledged last, and what may have been written beyond.
    known: Arc<Mutex<BTreeMap<String, (u64, u64)>>>,
    trace: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(seed: u64) -> World {
        World {
            entropy: Entropy::seeded(seed),
            disk: Disk::default(),
            folder: MemoryFolder::default(),
            known: Arc::default(),
            trace: Arc::default(),
        }
    }

    fn tell(&self, line: String) {
        self.trace.lock().push(line);
    }

    /// From a start to a crash.
    fn live(&mut self, life: u64) {
        let chance = RngSeed::from_bytes(&self.entropy.number().to_le_bytes());
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).rng_seed(chance).build().unwrap();
        // The first lives may end while the node still starts.
        let crash_us = self.entropy.number() % (500_000 * (life + 1));
        runtime.block_on(async {
            let crash = tokio::time::sleep(Duration::from_micros(crash_us));
            tokio::select! {
                () = crash => self.tell(format!("life {life}: crash at {crash_us} us")),
                () = self.serve() => self.tell(format!("life {life}: crash after all was written")),
            }
        });
        self.disk.crash();
        self.folder = self.folder.after_crash();
        // Only now: what the tasks of the old life do while they are dropped harms nobody.
        drop(runtime);
        let log = self.disk.open_log();
        for group in 0..=4 {
            self.tell(format!("log {group}: {:?}", log.state(group)));
        }
    }

    async fn start(&self) -> Node {
        let log = Arc::new(self.disk.open_log());
        let latency = Duration::from_micros(100)..Duration::from_millis(20);
        let seed = || Entropy::seeded(self.entropy.number());
        tokio::spawn(sync_later(log.clone(), seed(), latency));
        let store = Arc::new(Store::in_memory(&self.disk));
        let heard = Arc::new(Heard::default());
        let parts = Parts {
            store: store.clone(),
            log: log.clone(),
            folder: Arc::new(self.folder.clone()),
            observer: heard.clone(),
            transport: Arc::new(Nowhere),
            entropy: seed(),
        };
        // Small, so that there are flushes and purges.
        let options = Options { group_log_bytes: 4_000, ..options("nowhere".as_ref()) };
        let cluster = Cluster::start(options, parts).await.unwrap();
        Node { cluster, store, log, heard }
    }

    async fn serve(&self) {
        let began = Instant::now();
        let node = Arc::new(self.start().await);
        self.tell(format!("up after {:?}, {}", began.elapsed(), node.cluster.meta().cluster_id));
        self.check(&node);
        let writers = (0..WRITERS).map(|writer| {
            let writer = Writer {
                name: format!("w{writer}"),
                began,
                node: node.clone(),
                entropy: Entropy::seeded(self.entropy.number()),
                known: self.known.clone(),
                trace: self.trace.clone(),
            };
            tokio::spawn(writer.run())
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        self.check(&node);
        for group in node.cluster.groups() {
            let (digest, applied) = (group.partition().digest().unwrap(), group.partition().applied());
            let (durable, heard) =
                (group.partition().durable_index().unwrap(), node.heard.applied.lock().len());
            self.tell(format!("{}: {digest:08x} {applied:?} {durable} {heard}", group.id()));
        }
    }

    /// What was acknowledged is there; what is there was asked for.
    fn check(&self, node: &Node) {
        for (name, (acknowledged, tried)) in &mut *self.known.lock() {
            let found = node.version_of(name).unwrap_or(0);
            assert!(*acknowledged <= found && found <= *tried, "{name}: {acknowledged}, {found}, {tried}");
            self.tell(format!("{name} is at {found}"));
            (*acknowledged, *tried) = (found, found);
        }
    }
}

struct Writer {
    name: String,
    began: Instant,
    node: Arc<Node>,
    entropy: Entropy,
    known: Arc<Mutex<BTreeMap<String, (u64, u64)>>>,
    trace: Arc<Mutex<Vec<String>>>,
}

impl Writer {
    async fn run(self) {
        let group = self.node.group_of(&self.name).clone();
        let found = group.partition().get(TENANT, &key(&self.name)).unwrap();
        let first = found.map_or(0, |found| found.version) + 1;
        for version in first..first + WRITES {
            let body = Bytes::from(vec![b'x'; self.entropy.number() as usize % 500]);
            self.known.lock().entry(self.name.clone()).or_default().1 = version;
            let outcome = group.propose(put(&self.name, version, &body)).await;
            let line = format!("{:?} {} {version} {outcome:?}", self.began.elapsed(), self.name);
            self.trace.lock().push(line);
            match outcome {
                Ok(Applied::Done) => self.known.lock().get_mut(&self.name).unwrap().0 = version,
                // The crash, seen from inside.
                Err(ProposeError::Unknown(_)) => return,
                other => panic!("{}: {other:?}", self.name),
            }
            if self.entropy.number().is_multiple_of(4) {
                tokio::time::sleep(Duration::from_micros(self.entropy.number() % 30_000)).await;
            }
        }
    }
}

/// All that was seen of a world with this seed.
fn trace(seed: u64) -> Vec<String> {
    let mut world = World::new(seed);
    for life in 0..LIVES {
        world.live(life);
    }
    // One that nothing ends: everything is checked at last.
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).rng_seed(RngSeed::from_bytes(b"last")).build();
    runtime.unwrap().block_on(world.serve());
    std::mem::take(&mut *world.trace.lock())
}

#[test]
fn a_seed_is_one_story_and_no_crash_loses_what_was_acknowledged() {
    let (mut acknowledged, mut crashes) = (0, 0);
    for seed in 0..24 {
        let (first, second) = (trace(seed), trace(seed));
        let differs = first.iter().zip(&second).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
        acknowledged += first.iter().filter(|line| line.ends_with("Ok(Done)")).count();
        crashes += first.iter().filter(|line| line.contains("crash at")).count();
    }
    assert_ne!(trace(0), trace(1), "the seed counts");
    assert!(acknowledged > 10_000 && crashes > 24, "{acknowledged} writes, {crashes} crashes in between");
}
