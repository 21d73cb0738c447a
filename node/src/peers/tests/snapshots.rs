//! All rows of a group go to a node that joins, over sockets, by a way that breaks when half of them are there.

use super::proxy::{Proxy, Way};
use super::*;
use cluster::{Cluster, DiskFolder, Entropy, Identity, Joining, Observer, Options, Parts};
use futures::future::BoxFuture;
use proto::{CompartmentKey, PartitionId, ResourceId, TenantId, TypeCode, log::v1 as log};
use std::{path::Path, time::Instant};
use storage::{Applied, Change, Store, log::Wal};

const WAY: Way = Way { bytes_per_second: 32 << 20, breaks_after: ROWS_BYTES / 2 };
const ROWS_BYTES: u64 = 24 << 20;
const BODY_BYTES: usize = 128 << 10;
/// Of what takes a second or two.
const SOON: Duration = Duration::from_secs(60);

struct Deaf;

impl Observer for Deaf {
    fn applied<'a>(&'a self, _: PartitionId, _: u64, _: &'a [Change]) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    fn showing(&self) -> Box<dyn Send> {
        Box::new(())
    }

    fn replaced(&self, _: PartitionId) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn vacated(&self, _: PartitionId) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn asked(&self, _: Bytes) -> Answer {
        Box::pin(async { Ok(Bytes::new()) })
    }

    fn leadership(&self, _: PartitionId, _: bool) {}
}

/// A node of the version before: it knows nothing of pieces that go on.
struct Old(Peers);

struct OldReceiver(Arc<dyn Receiver>);

impl Transport for Old {
    fn serve(&self, receiver: Arc<dyn Receiver>) {
        self.0.serve(Arc::new(OldReceiver(receiver)));
    }

    fn call(&self, to: &Peer, message: Message) -> Answer {
        self.0.call(to, message)
    }

    fn send(&self, to: &Peer, head: Message, pieces: Pieces) -> Answer {
        self.0.send(to, head, pieces)
    }
}

impl Receiver for OldReceiver {
    fn call(&self, message: Message) -> Answer {
        if message.kind == Kind::Arrived as u32 {
            let unknown = "a question of kind 10, which this version does not know";
            return Box::pin(async move { Err(io::Error::other(unknown)) });
        }
        self.0.call(message)
    }

    fn receive(&self, head: Message, pieces: Pieces) -> Answer {
        self.0.receive(head, pieces)
    }
}

async fn started(dir: &Path, node_id: u64, address: SocketAddr, transport: Arc<dyn Transport>) -> Cluster {
    let options = Options {
        node_id,
        address: address.to_string(),
        partitions: 1,
        group_log_bytes: 64 << 10,
        disk_reserve_bytes: 0,
        maintenance: Duration::from_millis(50),
        ..Options::new(dir)
    };
    let parts = Parts {
        store: Arc::new(Store::open(dir, &storage::Options::default()).unwrap()),
        log: Arc::new(Wal::open(&dir.join("log"), &storage::log::Options::default()).unwrap()),
        folder: Arc::new(DiskFolder::open(dir).unwrap()),
        observer: Arc::new(Deaf),
        transport,
        entropy: Entropy::system(),
    };
    Cluster::start(options, parts).await.unwrap()
}

async fn listening(peers: &Peers) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, service) = (listener.local_addr().unwrap(), router(peers.clone()));
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    address
}

fn put(number: u64) -> log::Command {
    let id = ResourceId::parse(&format!("r{number}")).unwrap();
    let key = CompartmentKey::of(TenantId(1), TypeCode(103), id).own();
    // Nothing to compress.
    let mut random = generator::random::Random::of(number, 0, 0);
    let body = (0..BODY_BYTES / 8).flat_map(|_| random.number().to_le_bytes()).collect::<Vec<u8>>().into();
    let method = log::Method::Create as i32;
    let version = log::Version { version: 1, last_updated_ms: 1, method, body, ..log::Version::default() };
    let index_values = Bytes::from_static(b"\x01");
    let put = log::Put { key: Some(key.into()), version: Some(version), index_values, ..log::Put::default() };
    let mutation = log::Mutation { kind: Some(log::mutation::Kind::Put(put)) };
    let write = log::Write { mutations: vec![mutation], ..log::Write::default() };
    log::Command { time_ms: 1, tenant: 1, kind: Some(log::command::Kind::Write(write)) }
}

/// Until it is so.
async fn soon(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < until, "{what} takes too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// How long it took until the rows were there, and how many bytes went.
async fn joined(is_old: bool) -> (Duration, u64) {
    let (first_dir, second_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let peers = Peers::default();
    let address = listening(&peers).await;
    let founder = started(first_dir.path(), 1, address, Arc::new(peers)).await;
    let group = &founder.groups()[0];
    for number in 0..ROWS_BYTES / BODY_BYTES as u64 {
        assert_eq!(group.propose(put(number)).await.unwrap(), Applied::Done);
    }
    let of_group = |cluster: &Cluster| cluster.views().into_iter().next_back().unwrap().1;
    soon("a purge", || founder.figures().groups.iter().all(|group| group.log_bytes < 256 << 10)).await;

    let peers = Peers::default();
    let proxy = Proxy::before(listening(&peers).await, WAY).await;
    let folder = Arc::new(DiskFolder::open(second_dir.path()).unwrap());
    let joining = Joining::begin(folder, second_dir.path(), &Entropy::system()).unwrap().unwrap();
    let node = founder.admit(joining.token(), proxy.address.to_string()).await.unwrap();
    let meta = founder.meta();
    let (cluster_id, partitions, seeds) = (meta.cluster_id, meta.partitions, meta.nodes);
    let node_id = node.node_id;
    joining.end(Identity { node_id, cluster_id, partitions, seeds, ..Identity::default() }).unwrap();
    let began = Instant::now();
    let transport: Arc<dyn Transport> = if is_old { Arc::new(Old(peers)) } else { Arc::new(peers) };
    let second = started(second_dir.path(), node_id, proxy.address, transport).await;
    soon("a snapshot", || of_group(&second).voters.contains(&node_id)).await;
    let took = began.elapsed();
    assert!(proxy.broke(), "all came by one connection");
    let rows = |cluster: &Cluster| cluster.groups()[0].partition().clone();
    // The change of votes has entries of its own.
    soon("the same rows", || rows(&second).digest().unwrap() == rows(&founder).digest().unwrap()).await;
    second.shutdown().await.unwrap();
    founder.shutdown().await.unwrap();
    (took, proxy.carried())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_connection_breaks_goes_on_and_an_old_node_gets_it_anew() {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (took, carried) = joined(false).await;
    eprintln!("{:.1} MiB in {took:.1?} for {:.0} MiB that broke at half", mib(carried), mib(ROWS_BYTES));
    let (took_anew, carried_anew) = joined(true).await;
    eprintln!("{:.1} MiB in {took_anew:.1?}, begun anew", mib(carried_anew));
    // What was under way is sent twice: at most what a sender keeps, of a MiB each.
    assert!(carried < ROWS_BYTES + (10 << 20), "{carried}");
    assert!(carried_anew > ROWS_BYTES + ROWS_BYTES * 2 / 5, "{carried_anew}");
}
