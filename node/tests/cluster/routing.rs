//! Clients that know who leads what: they go there, and ride through the death of it.

use super::{
    SOON, basic,
    five::{observation, put},
    is_held_by, settled, three,
};
use client::{Client, Options, Writer, api};
use proto::{api::v1::fhir_client::FhirClient, metadata::LEADER};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;
use tonic::transport::Channel;

fn put_basic(id: &str) -> api::UpdateRequest {
    let body = format!(r#"{{"resourceType":"Basic","id":"{id}","code":{{"text":"x"}}}}"#);
    put("Basic", id, body)
}

/// Until the client knows a way to each of these nodes.
async fn knows(client: &Client, nodes: &[NodeProcess]) {
    let began = Instant::now();
    let found = || {
        let mut found = BTreeMap::new();
        for number in 0..64 {
            *found.entry(client.leader_of("Basic", &format!("k{number}"))).or_insert(0) += 1;
        }
        found
    };
    while !nodes.iter().all(|node| found().contains_key(&Some(node.grpc.clone()))) {
        assert!(began.elapsed() < SOON, "{:?}", found());
        // Somebody has to ask for it to be learnt.
        let _ = client.read("Basic", "k0").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Questions that nodes asked each other because of requests, so far.
async fn questions(nodes: &[NodeProcess]) -> u64 {
    let mut sum = 0;
    for node in nodes {
        let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(r#"salamander_peers_frames_total{stream="requests"} "#));
        sum += line.unwrap().trim().parse::<u64>().unwrap();
    }
    sum
}

/// So many patients, each written and read, and an observation of each.
async fn work(client: &Client, name: &str, count: usize) {
    for number in 0..count {
        let id = format!("{name}-{number}");
        let patient = format!(r#"{{"resourceType":"Patient","id":"{id}"}}"#);
        client.update(put("Patient", &id, patient)).await.unwrap();
        assert_eq!(client.read("Patient", &id).await.unwrap().version_id, "1");
        let resource_type = "Observation".to_owned();
        let body = observation(&id, number).into();
        let create = api::CreateRequest { resource_type, body, ..Default::default() };
        let created = client.with_compartment("Patient", &id).create(create).await.unwrap();
        client.read("Observation", &created.id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_reach_the_leader_directly() {
    const COUNT: usize = 100;
    let nodes = three().await;
    let client = Client::connect(&nodes[0].grpc).unwrap();
    knows(&client, &nodes).await;
    let before = questions(&nodes).await;
    work(&client, "direct", COUNT).await;
    let direct = questions(&nodes).await - before;
    let off = Options { routing: false, ..Options::default() };
    let client = Client::connect_with(&nodes[0].grpc, &off).unwrap();
    let before = questions(&nodes).await;
    work(&client, "by-way", COUNT).await;
    let by_way = questions(&nodes).await - before;
    eprintln!("questions of {} requests: {direct} direct, {by_way} by way of one node", 4 * COUNT);
    // Some are asked anyway, every few seconds.
    assert!(direct < COUNT as u64 / 2 && by_way > COUNT as u64 * 3 / 2, "{direct} {by_way}");
}

/// The client and the nodes place every id alike.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_and_the_nodes_agree_on_who_leads_what() {
    let seed = u64::from(std::process::id()) << 20 | 7;
    eprintln!("seed {seed}");
    let mut state = seed | 1;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let nodes = three().await;
    let client = Client::connect(&nodes[1].grpc).unwrap();
    knows(&client, &nodes).await;
    let mut stub = FhirClient::new(Channel::from_shared(nodes[0].grpc.clone()).unwrap().connect_lazy());
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    for _ in 0..300 {
        let resource_type = ["Patient", "Observation", "Basic", "ValueSet", "VisionPrescription"][random(5)];
        let id = match random(3) {
            0 => {
                let slot = proto::Slot(random(1 << 16) as u16);
                let assigned =
                    proto::id::AssignedId::new(random(1 << 40) as u64, slot, random(1 << 50) as u64);
                assigned.to_id().to_string()
            }
            _ => (0..=random(64)).map(|_| char::from(letters[random(letters.len())])).take(64).collect(),
        };
        let request =
            api::ReadRequest { resource_type: resource_type.into(), id: id.clone(), ..Default::default() };
        let missing = stub.read(request).await.unwrap_err();
        let told = missing.metadata().get(LEADER);
        let leader = told.map_or(1, |leader| leader.to_str().unwrap().parse::<usize>().unwrap());
        let expected = Some(nodes[leader - 1].grpc.clone());
        assert_eq!(client.leader_of(resource_type, &id), expected, "{resource_type}/{id}");
    }
}

/// Whoever writes and reads all the while; each error ends it.
struct Callers {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Callers {
    fn start(client: &Client) -> Callers {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let writer = client.writer(4);
        let tasks = (0..4).map(|caller| {
            let (client, writer) = (client.clone(), writer.clone());
            let (stop, done) = (stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut written = Vec::new();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = format!("c{caller}n{number}");
                    written.push(one(&client, &writer, id, number).await);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                written
            })
        });
        Callers { tasks: tasks.collect(), stop, done }
    }

    async fn progress(&self, more: usize) -> Duration {
        let (began, before) = (Instant::now(), self.done.load(Ordering::Relaxed));
        while self.done.load(Ordering::Relaxed) < before + more {
            let is_over = self.tasks.iter().any(tokio::task::JoinHandle::is_finished);
            assert!(began.elapsed() < SOON && !is_over, "a caller had an error, or waits");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        began.elapsed()
    }

    /// What was acknowledged.
    async fn end(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut written = Vec::new();
        for task in self.tasks {
            written.extend(task.await.unwrap());
        }
        written
    }
}

/// A write, and a read of what it wrote.
async fn one(client: &Client, writer: &Writer, id: String, number: usize) -> String {
    let id = match number % 3 {
        0 => client.create(basic(&id)).await.unwrap().id,
        1 => client.update(put_basic(&id)).await.unwrap().id,
        _ => match writer.write(client::Write::Update(put_basic(&id))).await.unwrap() {
            client::Answer::Write(written) => written.id,
            other => panic!("{other:?}"),
        },
    };
    assert_eq!(client.read("Basic", &id).await.unwrap().version_id, "1");
    id
}

/// The caller knows one node only, and that one dies, with all that it leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_sees_nothing_of_the_death_of_a_leader() {
    let mut nodes = three().await;
    let client = Client::connect(&nodes[0].grpc).unwrap().with_hedge(Duration::from_millis(200));
    knows(&client, &nodes).await;
    let callers = Callers::start(&client);
    callers.progress(100).await;
    nodes[0].kill9().unwrap();
    let took = callers.progress(200).await;
    eprintln!("200 writes and reads since the death: {took:?}");
    nodes[0].restart().unwrap();
    settled(&nodes[0], "whole again", |status| is_held_by(status, &[1, 2, 3])).await;
    callers.progress(100).await;
    // It leads some again, and is gone to.
    knows(&client, &nodes).await;
    let written = callers.end().await;
    for id in &written {
        assert_eq!(client.read("Basic", id).await.unwrap().version_id, "1", "{id}");
    }
}
