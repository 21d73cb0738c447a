//! Real processes: a node becomes a cluster while it serves, loses any one of its nodes without losing a write, and every
//! node answers alike.

#[path = "cluster/five.rs"]
mod five;
#[path = "cluster/leaves.rs"]
mod leaves;
#[path = "cluster/parameters.rs"]
mod parameters;
#[path = "cluster/profiles.rs"]
mod profiles;
#[path = "cluster/restart.rs"]
mod restart;
#[path = "cluster/routing.rs"]
mod routing;
#[path = "cluster/stale.rs"]
mod stale;
#[path = "cluster/tenants.rs"]
mod tenants;

use client::{Admin, Client, Retry, api};
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

const BINARY: &str = env!("CARGO_BIN_EXE_salamander");
/// Of what should take a second or two.
const SOON: Duration = Duration::from_secs(60);

/// Its log is so short that a node that was away for long gets rows.
fn node() -> NodeProcess {
    NodeProcess::new(BINARY).unwrap().set("log.group_bytes", 8 << 10)
}

fn found() -> NodeProcess {
    node().set("storage.partitions", 4).begin().unwrap()
}

fn join(member: &NodeProcess) -> NodeProcess {
    join_with(member, node())
}

fn join_with(member: &NodeProcess, node: NodeProcess) -> NodeProcess {
    let address = member.grpc.strip_prefix("http://").unwrap();
    node.set("cluster.join", address).begin().unwrap()
}

/// Until the cluster is as it should be, as a node sees it.
async fn settled(
    node: &NodeProcess,
    what: &str,
    good: impl Fn(&api::StatusResponse) -> bool,
) -> api::StatusResponse {
    let admin = Admin::connect(&node.grpc).unwrap();
    let began = Instant::now();
    loop {
        let seen = admin.status().await;
        match seen {
            Ok(status) if good(&status) => return status,
            seen if began.elapsed() > SOON => panic!("not {what}: {seen:#?}"),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// All groups have these voters, and their leaders are spread over them.
fn is_held_by(status: &api::StatusResponse, voters: &[u64]) -> bool {
    let lag: u64 = status.nodes.iter().map(|node| node.lag).sum();
    let leads = |node: &u64| status.groups[1..].iter().filter(|group| group.leader == *node).count();
    let counts: Vec<usize> = voters.iter().map(leads).collect();
    status.leader != 0
        && lag == 0
        && status.groups.len() == 5
        && status.groups.iter().all(|group| group.leader != 0 && group.voters == voters && !group.changing)
        && counts.iter().sum::<usize>() == 4
        && counts.iter().all(|count| (1..=2).contains(count))
}

async fn three() -> [NodeProcess; 3] {
    let first = found();
    let (second, third) = (join(&first), join(&first));
    settled(&first, "three voters", |status| is_held_by(status, &[1, 2, 3])).await;
    [first, second, third]
}

fn basic(code: &str) -> api::CreateRequest {
    let body = format!(r#"{{"resourceType":"Basic","code":{{"coding":[{{"code":"{code}"}}]}}}}"#);
    api::CreateRequest { resource_type: "Basic".into(), body: body.into(), ..Default::default() }
}

async fn ids_of(client: &Client, code: &str) -> Vec<String> {
    let parameter = api::SearchParameter { name: "code".into(), value: code.into() };
    let request = api::SearchRequest {
        resource_type: "Basic".into(),
        parameters: vec![parameter],
        ..Default::default()
    };
    client.search(request).await.unwrap().entries.into_iter().map(|entry| entry.id).collect()
}

/// Writers at all nodes, until told to stop; what was acknowledged, by id.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<BTreeMap<String, String>>>,
    writers: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(nodes: &[&NodeProcess]) -> Load {
        Load::with_pauses(nodes, Duration::ZERO)
    }

    /// Each writer rests so long after each write.
    fn with_pauses(nodes: &[&NodeProcess], pause: Duration) -> Load {
        static LOADS: AtomicUsize = AtomicUsize::new(0);
        let load = LOADS.fetch_add(1, Ordering::Relaxed);
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeMap::new())));
        let writers = nodes.iter().enumerate().map(|(at, node)| {
            let client = Client::connect(&node.grpc).unwrap().with_retry(Retry::never());
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                for number in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let code = format!("l{load}w{at}n{number}");
                    match client.create(basic(&code)).await {
                        Ok(created) => drop(acknowledged.lock().insert(created.id, code)),
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                }
            })
        });
        Load { writers: writers.collect(), stop, acknowledged }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().len()
    }

    /// Until so many more are acknowledged.
    async fn progress(&self, more: usize) -> Duration {
        let (began, before) = (Instant::now(), self.count());
        while self.count() < before + more {
            assert!(began.elapsed() < SOON, "nothing is acknowledged any more");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }

    /// Between two acknowledgements, while `work` is done.
    async fn longest_pause(&self, work: impl Future<Output = ()>) -> Duration {
        let (mut longest, mut last, mut count) = (Duration::ZERO, Instant::now(), self.count());
        let mut work = std::pin::pin!(work);
        loop {
            let tick = tokio::time::timeout(Duration::from_millis(5), &mut work).await;
            if self.count() > count {
                longest = longest.max(last.elapsed());
                (last, count) = (Instant::now(), self.count());
            }
            if tick.is_ok() {
                return longest.max(last.elapsed());
            }
        }
    }

    async fn end(self) -> BTreeMap<String, String> {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers {
            writer.await.unwrap();
        }
        Arc::try_unwrap(self.acknowledged).unwrap().into_inner()
    }
}

/// Every node finds all of it, by id and by search.
async fn has_all(nodes: &[&NodeProcess], written: &BTreeMap<String, String>) {
    for node in nodes {
        let client = Client::connect(&node.grpc).unwrap();
        for (id, code) in written {
            let read = client.read("Basic", id).await.unwrap_or_else(|error| panic!("{id} {code}: {error}"));
            assert!(std::str::from_utf8(&read.body).unwrap().contains(&format!(r#""{code}""#)));
        }
        for (id, code) in written.iter().step_by(17) {
            assert_eq!(ids_of(&client, code).await, [id.as_str()], "{code} at {}", node.grpc);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_becomes_three_while_it_serves_and_any_of_them_may_die() {
    let first = found();
    let load = Load::start(&[&first, &first]);
    load.progress(100).await;
    let (second, third) = (join(&first), join(&first));
    settled(&first, "three voters", |status| {
        status.groups.iter().all(|group| group.voters == [1, 2, 3] && !group.changing)
    })
    .await;
    let written = load.end().await;
    settled(&first, "caught up", |status| is_held_by(status, &[1, 2, 3])).await;
    let mut nodes = [first, second, third];
    has_all(&nodes.each_ref(), &written).await;

    for round in 0..3 {
        let leader = settled(&nodes[round], "led", |status| is_held_by(status, &[1, 2, 3])).await.leader;
        let dies = leader as usize - 1;
        let others: Vec<&NodeProcess> = (0..3).filter(|at| *at != dies).map(|at| &nodes[at]).collect();
        let load = Load::start(&others);
        load.progress(50).await;
        nodes[dies].signal("KILL").unwrap();
        let took = load.progress(20).await;
        let written = load.end().await;
        eprintln!("round {round}: node {leader} died; writes went on after {took:?}");
        // An election takes less; the machine may be busy with other tests.
        assert!(took < Duration::from_secs(20), "{took:?}");
        has_all(&others, &written).await;
        nodes[dies].kill9().unwrap();
        nodes[dies].restart().unwrap();
        settled(&nodes[dies], "whole again", |status| is_held_by(status, &[1, 2, 3])).await;
        has_all(&[&nodes[dies]], &written).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_is_replaced_and_can_be_removed() {
    let nodes = three().await;
    let load = Load::start(&nodes.each_ref());
    load.progress(50).await;
    let fourth = join(&nodes[1]);
    let admin = Admin::connect(&fourth.grpc).unwrap();
    admin.drain(1, false).await.unwrap();
    settled(&fourth, "2, 3 and 4 vote", |status| status.groups.iter().all(|group| group.voters == [2, 3, 4]))
        .await;
    load.progress(50).await;
    // Who holds nothing any more answers all the same, by way of others.
    let drained = Client::connect(&nodes[0].grpc).unwrap();
    let created = drained.create(basic("by-the-drained")).await.unwrap();
    assert_eq!(ids_of(&drained, "by-the-drained").await, [created.id.as_str()]);
    assert_eq!(drained.read("Basic", &created.id).await.unwrap().version_id, "1");
    admin.remove(1).await.unwrap();
    load.progress(20).await;
    let written = load.end().await;
    let removed = settled(&fourth, "1 is removed", |status| is_held_by(status, &[2, 3, 4])).await;
    assert_eq!(removed.nodes[0].standing, "removed");
    has_all(&[&nodes[1], &nodes[2], &fourth], &written).await;
    assert!(admin.remove(1).await.is_err(), "there is no such node any more");
    assert!(admin.drain(9, false).await.is_err());
}

/// Creates of one criteria by all nodes at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_condition_holds_over_all_nodes() {
    let nodes = three().await;
    for round in 0..10 {
        let code = format!("only-{round}");
        let creates = (0..12).map(|number| {
            let client = Client::connect(&nodes[number % 3].grpc).unwrap();
            let request = api::CreateRequest { if_none_exist: format!("code={code}"), ..basic(&code) };
            tokio::spawn(async move { client.create(request).await.unwrap().id })
        });
        let mut ids = Vec::new();
        for create in creates.collect::<Vec<_>>() {
            ids.push(create.await.unwrap());
        }
        ids.dedup();
        let found = ids_of(&Client::connect(&nodes[round % 3].grpc).unwrap(), &code).await;
        assert_eq!(
            (found.len(), ids.iter().all(|id| *id == found[0])),
            (1, true),
            "{code}: {ids:?} {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_for_long_gets_the_rows_and_finds_them() {
    let mut nodes = three().await;
    nodes[2].kill9().unwrap();
    let load = Load::start(&[&nodes[0], &nodes[1]]);
    // Logs are looked at once a second: after some of them, what the third lacks is purged.
    let away = Instant::now();
    while away.elapsed() < Duration::from_secs(6) {
        load.progress(100).await;
    }
    let written = load.end().await;
    nodes[2].restart().unwrap();
    settled(&nodes[2], "whole again", |status| is_held_by(status, &[1, 2, 3])).await;
    assert!(nodes[2].log().contains("the snapshot is in place"), "it got entries, not rows");
    // It answers from its own rows and its own index.
    has_all(&[&nodes[2]], &written).await;
    let client = Client::connect(&nodes[2].grpc).unwrap();
    let total = api::SearchParameter { name: "_summary".into(), value: "count".into() };
    let request =
        api::SearchRequest { resource_type: "Basic".into(), parameters: vec![total], ..Default::default() };
    let total = client.search(request).await.unwrap().total.unwrap() as usize;
    // A create whose answer was lost may be there too.
    assert!(total >= written.len() && total <= written.len() + 4, "{total} of {}", written.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn leadership_moves_when_it_is_asked_to() {
    let nodes = three().await;
    let load = Load::start(&nodes.each_ref());
    load.progress(20).await;
    let admin = Admin::connect(&nodes[0].grpc).unwrap();
    let leader = admin.status().await.unwrap().leader;
    let to = leader % 3 + 1;
    admin.transfer_leader(to).await.unwrap();
    settled(&nodes[0], "led by another", |status| status.leader == to).await;
    load.progress(20).await;
    let written = load.end().await;
    has_all(&nodes.each_ref(), &written).await;
    assert!(admin.transfer_leader(9).await.is_err());
}

/// What one node acknowledged, every other finds at once; and a search that begins on one goes on on the others.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_acknowledged_is_found_on_the_others_and_pages_go_on_there() {
    let nodes = three().await;
    let clients: Vec<Client> = nodes.iter().map(|node| Client::connect(&node.grpc).unwrap()).collect();
    for number in 0..150 {
        let (writes, asks) = (number % 3, (number + 1 + number / 3 % 2) % 3);
        let code = format!("at-once-{number}");
        let created = clients[writes].create(basic(&code)).await.unwrap();
        assert_eq!(ids_of(&clients[asks], &code).await, [created.id.as_str()], "{code}");
        let read = clients[asks].read("Basic", &created.id).await.unwrap();
        assert_eq!(read.version_id, "1");
        if number % 10 == 0 {
            let (resource_type, id) = ("Basic".to_owned(), created.id.clone());
            let delete = api::DeleteRequest { resource_type, id, ..Default::default() };
            clients[asks].delete(delete).await.unwrap();
            assert!(clients[writes].read("Basic", &created.id).await.is_err(), "{code}");
            assert!(ids_of(&clients[writes], &code).await.is_empty(), "{code}");
        }
    }
    let parameter = api::SearchParameter { name: "_count".into(), value: "10".into() };
    let mut request = api::SearchRequest {
        resource_type: "Basic".into(),
        parameters: vec![parameter],
        ..Default::default()
    };
    let mut found = std::collections::BTreeSet::new();
    for page in 0.. {
        let answer = clients[page % 3].search(request.clone()).await.unwrap();
        answer.entries.into_iter().for_each(|entry| assert!(found.insert(entry.id)));
        if answer.next_cursor.is_empty() {
            break;
        }
        request.cursor = answer.next_cursor;
    }
    assert_eq!(found.len(), 135);
}

/// A rolling restart: who is told to stop hands over what it leads, and nobody waits for an election.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_restart_one_after_the_other_and_nobody_waits_for_an_election() {
    let mut nodes = three().await;
    for stops in 0..3 {
        let others: Vec<&NodeProcess> = (0..3).filter(|at| *at != stops).map(|at| &nodes[at]).collect();
        let load = Load::start(&others);
        load.progress(50).await;
        let longest = load.longest_pause(async {
            nodes[stops].signal_end().unwrap();
            // It is gone when its partitions are led by the others for good.
            settled(others[0], "led by the others", |status| {
                status.groups.iter().all(|group| group.leader != 0 && group.leader != stops as u64 + 1)
            })
            .await;
        });
        let longest = longest.await;
        let written = load.end().await;
        eprintln!("node {} stopped; the longest pause between two answers: {longest:?}", stops + 1);
        // The shortest election takes more than that; the machine may be busy with other tests.
        assert!(longest < Duration::from_millis(2_000), "{longest:?}");
        has_all(&others, &written).await;
        nodes[stops].wait().unwrap();
        nodes[stops].restart().unwrap();
        settled(&nodes[stops], "whole again", |status| is_held_by(status, &[1, 2, 3])).await;
    }
}
