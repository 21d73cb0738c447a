//! Tenants of a cluster: what one node made is served by every other at once, and what one deleted by none.

use super::{SOON, five::put, join, node, settled, three};
use client::{Admin, Client, Retry};
use proto::Code;
use std::time::{Duration, Instant};
use testkit::node::NodeProcess;

fn of_tenant(node: &NodeProcess, name: &str) -> Client {
    Client::connect(&node.grpc).unwrap().with_retry(Retry::never()).with_tenant(name).unwrap()
}

fn basic(text: &str) -> String {
    format!(r#"{{"resourceType":"Basic","code":{{"text":"{text}"}}}}"#)
}

/// What goes wrong while leaders change is sent again.
async fn write(client: &Client, id: &str, text: &str) {
    let began = Instant::now();
    let with_id = basic(text).replacen('{', &format!(r#"{{"id":"{id}","#), 1);
    while let Err(error) = client.update(put("Basic", id, with_id.clone())).await {
        assert!(error.code() == Some(Code::Unavailable) && began.elapsed() < SOON, "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_makes_and_deletes_all_know_at_once() {
    let mut nodes: Vec<NodeProcess> = three().await.into();
    for round in 0..6 {
        let (at, other) = (round % 3, (round + 1) % 3);
        let name = format!("t{round}");
        let admin = Admin::connect(&nodes[at].grpc).unwrap();
        admin.create_tenant(&name, Default::default()).await.unwrap();
        for (number, node) in nodes.iter().enumerate() {
            let rest =
                format!("{}/t/{name}/fhir/metadata?_elements=status", node.rest.trim_end_matches("/fhir"));
            assert_eq!(reqwest::get(rest).await.unwrap().status(), 200, "{name} at {number}");
            write(&of_tenant(node, &name), &format!("b{number}"), &name).await;
        }
        for node in &nodes {
            let client = of_tenant(node, &name);
            for number in 0..3 {
                assert!(client.read("Basic", &format!("b{number}")).await.is_ok());
            }
            let default = Client::connect(&node.grpc).unwrap().read("Basic", "b0").await.unwrap_err();
            assert_eq!(default.code(), Some(Code::NotFound));
        }
        Admin::connect(&nodes[other].grpc).unwrap().delete_tenant(&name).await.unwrap();
        for node in &nodes {
            let client = of_tenant(node, &name);
            assert_eq!(client.read("Basic", "b0").await.unwrap_err().code(), Some(Code::NotFound));
            let written =
                client.update(put("Basic", "b0", basic(&name).replacen('{', r#"{"id":"b0","#, 1))).await;
            assert_eq!(written.unwrap_err().code(), Some(Code::NotFound));
        }
    }
    a_node_that_is_away_keeps_the_data(&mut nodes).await;
}

/// A node that does not say that it knows might answer yet: the data stays until it does.
async fn a_node_that_is_away_keeps_the_data(nodes: &mut [NodeProcess]) {
    let admin = Admin::connect(&nodes[0].grpc).unwrap();
    admin.create_tenant("kept", Default::default()).await.unwrap();
    for number in 0..20 {
        write(&of_tenant(&nodes[0], "kept"), &format!("b{number}"), "kept").await;
    }
    nodes[2].kill9().unwrap();
    let began = Instant::now();
    let refused = loop {
        let refused = admin.delete_tenant("kept").await.unwrap_err();
        // Until another one leads the meta group.
        if refused.to_string().contains("node 3") || began.elapsed() > SOON {
            break refused;
        }
    };
    assert_eq!(refused.code(), Some(Code::Unavailable), "{refused}");
    assert!(refused.to_string().contains("node 3") && refused.to_string().contains("Ask again"), "{refused}");
    for node in &nodes[..2] {
        assert_eq!(
            of_tenant(node, "kept").read("Basic", "b1").await.unwrap_err().code(),
            Some(Code::NotFound)
        );
    }
    let states = |all: Vec<client::api::TenantStatus>| {
        all.into_iter().map(|one| (one.name, one.state)).collect::<Vec<_>>()
    };
    assert!(states(admin.tenants().await.unwrap()).contains(&("kept".to_owned(), "ending".to_owned())));
    nodes[2].restart().unwrap();
    let began = Instant::now();
    while admin.tenants().await.map_or(true, |all| all.len() > 1) {
        assert!(began.elapsed() < SOON, "{:?}", admin.tenants().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(
        of_tenant(&nodes[2], "kept").read("Basic", "b1").await.unwrap_err().code(),
        Some(Code::NotFound)
    );
}

/// A node that joins later knows what was agreed on before it came.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_serves_tenants_that_were_there() {
    let first = node().set("storage.partitions", 4).begin().unwrap();
    let admin = Admin::connect(&first.grpc).unwrap();
    admin.create_tenant("a", Default::default()).await.unwrap();
    write(&of_tenant(&first, "a"), "b", "a").await;
    let second = join(&first);
    settled(&first, "two nodes", |status| status.nodes.len() == 2 && status.leader != 0).await;
    let began = Instant::now();
    loop {
        match of_tenant(&second, "a").read("Basic", "b").await {
            Ok(_) => break,
            Err(error) => {
                assert!(began.elapsed() < SOON && error.code() == Some(Code::Unavailable), "{error}")
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let nobody = of_tenant(&second, "nobody").read("Basic", "b").await.unwrap_err();
    assert!(nobody.to_string().contains("tenant create nobody"), "{nobody}");
}
