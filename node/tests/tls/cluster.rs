//! Nodes among each other.

use super::{HANG, authority::Authority};
use client::api;
use std::time::{Duration, Instant};
use testkit::node::NodeProcess;

fn secret(authority: &Authority, name: &str) -> NodeProcess {
    let root = authority.root();
    let node = authority.node_with(name).set("tls.client_roots", root.display());
    node.set("tls.peer_roots", root.display())
}

fn member(node: &NodeProcess) -> &str {
    node.grpc.strip_prefix("https://").unwrap()
}

/// Until the log has that line.
async fn logged(node: &NodeProcess, text: &str) {
    let began = Instant::now();
    while !node.log().contains(text) {
        assert!(began.elapsed() < HANG, "no {text:?} in\n{}", node.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_form_one_and_any_may_die() {
    let authority = Authority::new();
    // A certificate that bears no host that it is reached at is a node's all the same.
    authority.issue(&["--node", "third", "--host", "db3"]);
    let first = secret(&authority, "node").begin().unwrap();
    let join = |name: &str| secret(&authority, name).set("cluster.join", member(&first)).begin().unwrap();
    let (second, mut third) = (join("node"), join("third"));
    let admin = authority.admin(&second, Some("client"));
    let began = Instant::now();
    loop {
        let status = admin.status().await;
        let is_good = |status: &api::StatusResponse| {
            let mut groups = status.groups.iter();
            status.nodes.len() == 3 && groups.all(|group| group.voters.len() == 3 && group.leader != 0)
        };
        match status {
            Ok(status) if is_good(&status) => break,
            seen if began.elapsed() > HANG => panic!("{seen:#?}"),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    let client = authority.client(&first, Some("client")).with_retry(client::Retry::default());
    let mut ids = vec![];
    for _ in 0..20 {
        let request = api::CreateRequest {
            resource_type: "Patient".into(),
            body: r#"{"resourceType":"Patient","active":true}"#.into(),
            ..Default::default()
        };
        ids.push(client.create(request).await.unwrap().id);
    }
    // The client learnt the others' addresses, and goes there by TLS, too.
    let began = Instant::now();
    let leader = loop {
        match client.leader_of("Patient", &ids[0]) {
            Some(leader) => break leader,
            None => assert!(began.elapsed() < HANG, "it learns nothing"),
        }
        client.read("Patient", &ids[0]).await.unwrap();
    };
    assert!(leader.starts_with("https://"), "{leader}");
    third.kill9().unwrap();
    let second = authority.client(&second, Some("client")).with_retry(client::Retry::default());
    for id in &ids {
        assert_eq!(second.read("Patient", id).await.unwrap().id, *id);
    }
    third.restart().unwrap();
    let third = authority.client(&third, Some("client")).with_retry(client::Retry::default());
    assert_eq!(third.read("Patient", &ids[0]).await.unwrap().id, ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_not_join() {
    let (authority, other) = (Authority::new(), Authority::new());
    let first = secret(&authority, "node").begin().unwrap();
    authority.issue(&["--node", "unmarked", "--host", "db9", "--peer-name", "somebody"]);
    let trusting = secret(&other, "node").set("tls.peer_roots", authority.root().display());
    let strangers = [
        // Another authority's.
        (secret(&other, "node"), "UnknownIssuer"),
        // The same, which takes this one's for nodes.
        (trusting, "alert"),
        // This one's, with another name for nodes.
        (secret(&authority, "unmarked").set("tls.peer_name", "somebody"), "not valid for name"),
        // One without any TLS.
        (NodeProcess::new(super::BINARY).unwrap(), "cannot be joined"),
    ];
    for (mut stranger, told) in strangers {
        stranger.change("cluster.join", member(&first));
        stranger.launch().unwrap();
        logged(&stranger, "the cluster cannot be joined yet").await;
        assert!(stranger.log().contains(told), "{told:?} in {}", stranger.log());
        stranger.kill9().unwrap();
    }
    let status = authority.admin(&first, Some("client")).status().await.unwrap();
    assert_eq!(status.nodes.len(), 1, "{status:?}");
}
