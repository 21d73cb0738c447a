//! The cluster's map: calls go to the leader, and nothing is worse than without.

mod fake;

use client::{Client, Code, Options, Retry, api};
use fake::{
    Fake,
    cluster::{cluster_of, learnt},
};
use proto::{PartitionMap, TenantId, TypeCode, id::home_slot};
use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

fn fakes<const N: usize>() -> [Fake; N] {
    std::array::from_fn(|_| Fake::default())
}

fn options() -> Options {
    let retry = Retry { backoff_first: Duration::from_millis(1), ..Retry::default() };
    Options { retry, ..Options::default() }
}

fn calls(fakes: &[Fake]) -> Vec<usize> {
    fakes.iter().map(|fake| fake.metadata.lock().unwrap().len()).collect()
}

/// As `cluster_of` spreads them.
fn leader_of(id: &str, nodes: usize) -> usize {
    let slot = home_slot(TenantId::DEFAULT, TypeCode(103), id);
    (usize::from(PartitionMap::new(16).partition_of(slot).0) - 1) % nodes
}

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("id-{number}"))
}

async fn all_learnt(client: &Client, endpoints: &[String]) {
    let is_known = |id: String| {
        client.leader_of("Patient", &id).as_ref() == endpoints.get(leader_of(&id, endpoints.len()))
    };
    learnt(client, |_| ids(60).all(is_known)).await;
}

#[tokio::test]
async fn what_names_a_resource_goes_to_the_leader_of_its_home() {
    let fakes = fakes::<3>();
    let endpoints = cluster_of(7, &fakes).await;
    // The others are learnt from the second one.
    let client = Client::connect_with(&endpoints[1], &options()).unwrap();
    all_learnt(&client, &endpoints).await;
    let mut expected = vec![0; 3];
    for id in ids(60) {
        assert_eq!(client.leader_of("Patient", &id), Some(endpoints[leader_of(&id, 3)].clone()));
        client.read("Patient", &id).await.unwrap();
        expected[leader_of(&id, 3)] += 1;
    }
    assert_eq!(calls(&fakes), expected);
    // What names none goes to the caller's endpoint, and beside the resource that the handle names.
    client.create(api::CreateRequest::default()).await.unwrap();
    expected[1] += 1;
    for id in ids(20) {
        client.with_compartment("Patient", &id).create(api::CreateRequest::default()).await.unwrap();
        expected[leader_of(&id, 3)] += 1;
    }
    assert_eq!(calls(&fakes), expected);
    // Of another tenant, whose number is not known here, only the server's own ids tell.
    let other = client.with_tenant("other").unwrap();
    assert_eq!(other.leader_of("Patient", "id-1"), None);
    let assigned = proto::id::AssignedId::new(0, proto::Slot(5 << 12), 1).to_id();
    assert_eq!(other.leader_of("Any", assigned.as_str()), Some(endpoints[5 % 3].clone()));
}

#[tokio::test]
async fn nothing_is_learnt_where_that_is_off_or_there_is_one_node() {
    let pair = fakes::<2>();
    let endpoints = cluster_of(7, &pair).await;
    let off = Options { routing: false, ..options() };
    let client = Client::connect_with(&endpoints[0], &off).unwrap();
    for id in ids(20) {
        client.read("Patient", &id).await.unwrap();
    }
    assert_eq!(calls(&pair), [20, 0]);
    assert_eq!(client.leader_of("Patient", "example"), None);
    assert!(pair.iter().all(|fake| fake.asked.load(Ordering::Relaxed) == 0));
    let single = fakes::<1>();
    let endpoints = cluster_of(7, &single).await;
    let client = Client::connect_with(&endpoints[0], &options()).unwrap();
    learnt(&client, |_| single[0].asked.load(Ordering::Relaxed) > 0).await;
    for id in ids(20) {
        client.read("Patient", &id).await.unwrap();
    }
    assert_eq!(client.leader_of("Patient", "example"), None);
}

/// The addresses that nodes tell may be of another network, where nobody answers, or somebody else does.
#[tokio::test]
async fn an_address_that_is_not_the_nodes_gets_no_call_and_holds_none_up() {
    let (near, strangers) = (fakes::<2>(), fakes::<2>());
    let endpoints = cluster_of(7, &near).await;
    let elsewhere = cluster_of(8, &strangers).await;
    // It takes connections, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let places =
        [silent.local_addr().unwrap().to_string(), elsewhere[1].trim_start_matches("http://").to_owned()];
    for place in places {
        for fake in &near {
            let mut map = fake.map.lock().unwrap();
            map.nodes[1].address = place.clone();
            map.version += 1;
        }
        let client = Client::connect_with(&endpoints[0], &options()).unwrap();
        learnt(&client, |leader| leader.is_some()).await;
        let began = Instant::now();
        let before = calls(&near);
        for id in ids(40) {
            client.read("Patient", &id).await.unwrap();
        }
        assert_eq!(calls(&near), [before[0] + 40, 0]);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert_eq!(calls(&strangers), [0, 0]);
}

/// A node was reached, and its address became another cluster's.
#[tokio::test]
async fn a_call_is_not_carried_out_by_another_cluster() {
    let fakes = fakes::<2>();
    let endpoints = cluster_of(7, &fakes).await;
    let client = Client::connect_with(&endpoints[0], &options()).unwrap();
    let at = |endpoint: &String| Some(endpoint.clone());
    let other = ids(100).find(|id| leader_of(id, 2) == 1).unwrap();
    learnt(&client, |_| client.leader_of("Patient", &other) == at(&endpoints[1])).await;
    fakes[1].map.lock().unwrap().cluster = 8;
    let update =
        api::UpdateRequest { resource_type: "Patient".into(), id: other.clone(), ..Default::default() };
    let reads = calls(&fakes);
    for _ in 0..10 {
        client.read("Patient", &other).await.unwrap();
        client.update(update.clone()).await.unwrap();
    }
    // The first was refused and sent again; then it is known.
    assert_eq!(calls(&fakes), [reads[0] + 10, reads[1] + 1]);
    learnt(&client, |_| client.leader_of("Patient", &other) == at(&endpoints[0])).await;
}

#[tokio::test]
async fn who_does_not_lead_says_so_and_the_map_is_learnt_again() {
    let fakes = fakes::<3>();
    let endpoints = cluster_of(7, &fakes).await;
    let client = Client::connect_with(&endpoints[0], &options()).unwrap();
    let led_by = |node: usize| {
        let endpoint = endpoints[node].clone();
        move |leader: Option<String>| leader.as_ref() == Some(&endpoint)
    };
    let first = leader_of("example", 3);
    learnt(&client, led_by(first)).await;
    // Another one leads all, and only who led before knows it.
    let next = (first + 1) % 3;
    {
        let mut map = fakes[first].map.lock().unwrap();
        map.version += 1;
        map.partitions.iter_mut().for_each(|partition| partition.leader = next as u64 + 1);
    }
    *fakes[first].leader.lock().unwrap() = Some(next as u64 + 1);
    client.read("Patient", "example").await.unwrap();
    learnt(&client, led_by(next)).await;
    let before = calls(&fakes);
    client.read("Patient", "example").await.unwrap();
    assert_eq!(calls(&fakes)[next], before[next] + 1);
}

#[tokio::test]
async fn a_leader_that_cannot_is_not_waited_for() {
    let fakes = fakes::<3>();
    let endpoints = cluster_of(7, &fakes).await;
    let client = Client::connect_with(&endpoints[0], &options()).unwrap();
    all_learnt(&client, &endpoints).await;
    let leader = leader_of("example", 3);
    let error = || proto::Error::new(Code::Unavailable, "no leader");
    fakes[leader].errors.lock().unwrap().push_back(error());
    client.read("Patient", "example").await.unwrap();
    let counted = calls(&fakes);
    assert_eq!((counted[leader], counted.iter().sum::<usize>()), (1, 2));
}

/// The one endpoint that the caller gave is gone: the others take its calls.
#[tokio::test]
async fn known_nodes_take_over_from_the_given_endpoints() {
    let fakes = fakes::<3>();
    let endpoints = cluster_of(7, &fakes).await;
    // A way to the first node that can be cut.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let given = format!("http://{}", listener.local_addr().unwrap());
    let to = endpoints[0].trim_start_matches("http://").to_owned();
    let way = tokio::spawn(async move {
        let mut ways = tokio::task::JoinSet::new();
        while let Ok((mut from, _)) = listener.accept().await {
            let to = to.clone();
            ways.spawn(async move {
                let mut to = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    let client = Client::connect_with(&given, &options()).unwrap();
    all_learnt(&client, &endpoints).await;
    way.abort();
    for id in ids(20) {
        client.create(api::CreateRequest::default()).await.unwrap();
        client.read("Patient", &id).await.unwrap();
    }
}
