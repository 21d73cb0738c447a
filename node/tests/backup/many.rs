//! Three nodes that are written to, and three more.

use super::*;
use client::{Admin, Retry};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

fn join(member: &NodeProcess) -> NodeProcess {
    let address = member.grpc.strip_prefix("http://").unwrap();
    NodeProcess::new(BINARY).unwrap().set("cluster.join", address).begin().unwrap()
}

async fn three(first: NodeProcess) -> [NodeProcess; 3] {
    let (second, third) = (join(&first), join(&first));
    let admin = Admin::connect(&first.grpc).unwrap();
    let began = Instant::now();
    loop {
        let good = |status: &api::StatusResponse| {
            let lag: u64 = status.nodes.iter().map(|node| node.lag).sum();
            let whole = |group: &api::GroupStatus| group.voters == [1, 2, 3] && !group.changing;
            lag == 0 && status.groups.iter().all(|group| group.leader != 0 && whole(group))
        };
        match admin.status().await {
            Ok(status) if good(&status) => return [first, second, third],
            seen => assert!(began.elapsed() < SOON, "not three voters: {seen:#?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Transactions over two compartments at each node, until told to stop; the codes of those that were acknowledged.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    writers: Vec<tokio::task::JoinHandle<BTreeSet<String>>>,
}

impl Load {
    fn start(nodes: &[NodeProcess]) -> Load {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<Mutex<BTreeSet<String>>>::default());
        let writers = nodes.iter().enumerate().map(|(at, node)| {
            let client = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut all = BTreeSet::new();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let code = format!("w{at}n{number}");
                    if client.transaction(pair(&code)).await.is_ok() {
                        acknowledged.lock().unwrap().insert(code.clone());
                    }
                    all.insert(code);
                }
                all
            })
        });
        Load { writers: writers.collect(), stop, acknowledged }
    }

    fn acknowledged(&self) -> BTreeSet<String> {
        self.acknowledged.lock().unwrap().clone()
    }

    async fn progress(&self, more: usize) {
        let (began, before) = (Instant::now(), self.acknowledged().len());
        while self.acknowledged().len() < before + more {
            assert!(began.elapsed() < SOON, "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// All codes that were tried.
    async fn end(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BTreeSet::new();
        for writer in self.writers {
            all.extend(writer.await.unwrap());
        }
        all
    }
}

/// Of each code both resources or none; how many codes.
async fn whole(client: &Client, codes: &BTreeSet<String>) -> usize {
    let mut found = 0;
    for code in codes {
        match count(client, code).await {
            0 => {}
            2 => found += 1,
            some => panic!("{some} of the two resources of {code}"),
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_backed_up_while_it_is_written_to_and_no_transaction_is_half() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backups");
    // Logs are so short that they are purged all the while.
    let nodes = three(node().set("log.group_bytes", 64 << 10).begin().unwrap()).await;
    let load = Load::start(&nodes);
    load.progress(60).await;
    let mut before = vec![];
    for (round, node) in nodes.iter().enumerate() {
        before.push(load.acknowledged());
        let (grpc, to) = (node.grpc.clone(), to.clone());
        let more: &[&str] = if round == 0 { &["--rate-mb", "2"] } else { &["--incremental"] };
        let arguments = [&["create", "--grpc", &grpc, "--to", path(&to)], more].concat();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let made = tokio::task::spawn_blocking(move || {
            done(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        });
        made.await.unwrap();
        load.progress(30).await;
    }
    let all = load.end().await;
    done(&["verify", "--from", path(&to)]);

    for (name, acknowledged) in names(&to).iter().zip(&before) {
        let data = folder.path().join(name);
        restore(&to, &data, &["--backup", name]);
        let again = restored(&data);
        let client = Client::connect(&again.grpc).unwrap();
        let found = whole(&client, &all).await;
        assert_eq!(whole(&client, acknowledged).await, acknowledged.len(), "{name}");
        assert!(found < all.len(), "it was written to while {name} was made");
        eprintln!("{name}: {} acknowledged before it, {found} of {} in it", acknowledged.len(), all.len());
    }
    // The last one becomes three nodes, each of which has all of it, and one of which may die.
    let data = folder.path().join(names(&to).pop().unwrap());
    let mut again = three(restored(&data)).await;
    let third = Client::connect(&again[2].grpc).unwrap();
    assert_eq!(whole(&third, &before[2]).await, before[2].len());
    again[0].kill9().unwrap();
    let mut written = Err(client::Error::Intercepted(String::new()));
    let began = Instant::now();
    while written.is_err() && began.elapsed() < SOON {
        written = third.create(basic("after")).await;
    }
    written.unwrap();
    assert_eq!(whole(&third, &before[2]).await, before[2].len());
}
