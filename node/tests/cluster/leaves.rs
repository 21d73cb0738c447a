//! What a node gives up goes from its disk, and it may come back.

use super::{BINARY, Load, SOON, has_all, node, settled};
use client::Admin;
use std::{
    process::Command,
    time::{Duration, Instant},
};
use testkit::node::NodeProcess;

/// What went elsewhere is kept for twice as long.
fn quick() -> NodeProcess {
    node().set("limits.request_timeout_ms", 3_000)
}

/// Entries in the tables, and files of the log that groups need, as the node counts them itself.
async fn entries(node: &NodeProcess) -> f64 {
    let page = reqwest::get(node.rest.replace("/fhir", "/metrics")).await.unwrap().text().await.unwrap();
    let counted = |line: &&str| {
        line.starts_with("salamander_partition_applied_entries{")
            || line.starts_with("salamander_partition_log_bytes{")
    };
    let value = |line: &str| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap();
    page.lines().filter(counted).map(value).sum()
}

async fn is_empty(node: &NodeProcess) {
    let began = Instant::now();
    while entries(node).await > 0.0 {
        assert!(began.elapsed() < SOON, "{} are left", entries(node).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// `salamander cluster rebalance`: what it said.
fn rebalance(node: &NodeProcess) -> String {
    let arguments = ["cluster", "rebalance", "--timeout", "60", "--grpc", &node.grpc];
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drained_node_gives_its_disk_back_and_takes_replicas_again() {
    let first = quick().set("storage.partitions", 4).begin().unwrap();
    let member = first.grpc.strip_prefix("http://").unwrap().to_owned();
    let mut nodes = vec![first];
    for _ in 0..3 {
        nodes.push(quick().set("cluster.join", &member).begin().unwrap());
    }
    assert!(rebalance(&nodes[3]).ends_with("5 of 5 groups are where they should be\n"));
    let load = Load::with_pauses(&nodes.iter().collect::<Vec<_>>(), Duration::from_millis(10));
    load.progress(200).await;
    let admin = Admin::connect(&nodes[1].grpc).unwrap();
    admin.drain(1, false).await.unwrap();
    is_empty(&nodes[0]).await;
    load.progress(50).await;
    let written = load.end().await;
    has_all(&[&nodes[0]], &written).await;
    nodes[0].kill9().unwrap();
    nodes[0].restart().unwrap();
    is_empty(&nodes[0]).await;
    has_all(&[&nodes[0]], &written).await;
    admin.drain(1, true).await.unwrap();
    rebalance(&nodes[2]);
    settled(&nodes[0], "caught up", |status| {
        status.nodes.iter().all(|node| node.lag == 0) && status.nodes[0].votes > 1
    })
    .await;
    assert!(entries(&nodes[0]).await > 0.0);
    has_all(&nodes.iter().collect::<Vec<_>>(), &written).await;
}
