//! Several nodes as processes of this machine, joined into one cluster.

use crate::node::Node;
use anyhow::{Context, Result, bail};
use client::{Admin, api};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Replicas are placed and leaders spread within seconds.
const SETTLED: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_millis(100);
/// A partition has no more replicas than these.
const REPLICAS: usize = 3;

/// The processes.
pub(super) struct Nodes(Vec<Node>);

impl Nodes {
    /// Starts them one after the other and waits until every partition has its replicas, and its leader where it should be.
    ///
    /// # Errors
    /// One does not start, or the cluster does not settle.
    pub(super) async fn start(
        binary: &Path,
        folder: &Path,
        count: usize,
        partitions: usize,
    ) -> Result<Nodes> {
        let mut nodes: Vec<Node> = Vec::new();
        for number in 1..=count {
            let mut environment = vec![
                ("SALAMANDER_STORAGE_PARTITIONS", partitions.to_string()),
                ("SALAMANDER_NODE_DRAIN_MS", "0".to_owned()),
            ];
            if count > 1 {
                environment.push(("SALAMANDER_CLUSTER_LISTEN", "127.0.0.1:0".to_owned()));
            }
            if let Some(first) = nodes.first() {
                let member = first.grpc.trim_start_matches("http://").to_owned();
                environment.push(("SALAMANDER_CLUSTER_JOIN", member));
            }
            let (data, log) =
                (folder.join(format!("node-{number}")), folder.join(format!("node-{number}.log")));
            let started = Node::start_with(binary, &data, &log, &environment).await;
            nodes.push(started.with_context(|| format!("starting node {number} of {count}"))?);
        }
        let nodes = Nodes(nodes);
        nodes.settle().await?;
        Ok(nodes)
    }

    async fn settle(&self) -> Result<()> {
        let admin = Admin::connect(&self.0[0].grpc)?;
        let began = Instant::now();
        loop {
            let seen = admin.status().await;
            if seen.as_ref().is_ok_and(|status| is_settled(status, self.len())) {
                return Ok(());
            }
            if began.elapsed() > SETTLED {
                bail!("the cluster has not settled within {SETTLED:?}: {seen:?}");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.0.iter().map(Node::pid).collect()
    }

    pub(super) fn bases(&self) -> Vec<String> {
        self.0.iter().map(|node| node.rest.clone()).collect()
    }

    pub(super) fn origins(&self) -> Vec<String> {
        self.0.iter().map(Node::origin).collect()
    }

    /// All at once: none waits for another.
    pub(super) async fn stop(self) -> Result<()> {
        futures::future::join_all(self.0.into_iter().map(Node::stop)).await.into_iter().collect()
    }
}

fn is_settled(status: &api::StatusResponse, count: usize) -> bool {
    let replicas = count.min(REPLICAS);
    let settled =
        |group: &api::GroupStatus| group.leader != 0 && !group.changing && group.voters.len() == replicas;
    let partitions = status.groups.iter().filter(|group| group.group > 0);
    // Where not all hold everything, shares of leaderships may differ by two.
    let fair = (partitions.clone().count() / count).saturating_sub(usize::from(count > REPLICAS));
    let holders = status.nodes.iter().filter(|node| node.votes > 0);
    status.nodes.len() == count
        && status.groups.iter().all(settled)
        && holders.into_iter().all(|node| {
            partitions.clone().filter(|group| group.leader == node.node_id).count() >= fair && node.lag == 0
        })
}
