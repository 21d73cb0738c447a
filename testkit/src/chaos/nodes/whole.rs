//! Whether a cluster is as it should be.

use super::Nodes;
use anyhow::{Context, bail, ensure};
use client::api::{GroupStatus, StatusResponse};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Of what should take a second or two, and more where rows are sent.
const SOON: Duration = Duration::from_secs(60);
/// So many replicas has a partition, where there are as many nodes.
const REPLICAS: usize = 3;

impl Nodes {
    /// What the first node says that answers.
    pub(in crate::chaos) async fn status(&self) -> anyhow::Result<StatusResponse> {
        let mut last = None;
        for at in 0..self.count() {
            match self.operator(at).status().await {
                Ok(status) => return Ok(status),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("no nodes")?)
    }

    /// The nodes that lead partitions, as far as it can be known.
    pub(in crate::chaos) async fn leaders(&self) -> BTreeSet<usize> {
        let Ok(status) = self.status().await else { return BTreeSet::new() };
        let led = status.groups.iter().filter(|group| group.group > 0);
        let address = |group: &GroupStatus| {
            status.nodes.iter().find(|node| node.node_id == group.leader).map(|node| node.address.clone())
        };
        led.filter_map(address).filter_map(|address| self.at_address(&address)).collect()
    }

    /// The id that a node of this run has in the cluster; the last, where it joined several times.
    pub(in crate::chaos) async fn id(&self, at: usize) -> anyhow::Result<u64> {
        let status = self.status().await?;
        let here = status.nodes.iter().filter(|node| self.at_address(&node.address) == Some(at));
        here.map(|node| node.node_id).max().context("the cluster does not know the node")
    }

    /// Its id, where it has votes.
    pub(in crate::chaos) async fn votes(&self, at: usize) -> anyhow::Result<Option<u64>> {
        let (id, status) = (self.id(at).await?, self.status().await?);
        Ok(status.groups.iter().all(|group| group.voters.contains(&id)).then_some(id))
    }

    /// Waits until every group has a leader and all its votes, as every node sees it.
    ///
    /// # Errors
    /// It does not become so.
    pub(in crate::chaos) async fn whole(&self) -> anyhow::Result<()> {
        self.until("whole", |_| true).await
    }

    /// The same, and nobody lags: nothing is under way any more.
    ///
    /// # Errors
    /// It does not become so.
    pub(in crate::chaos) async fn at_rest(&self) -> anyhow::Result<()> {
        let lags = |node: &client::api::NodeStatus| node.standing != "removed" && node.lag > 0;
        self.until("at rest", |status| !status.nodes.iter().any(lags)).await?;
        for at in 0..self.count() {
            let began = Instant::now();
            while self.under_way(at).await? > 0.0 {
                ensure!(began.elapsed() < SOON, "node {} is still at work after {SOON:?}", at + 1);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    /// Requests and proposals that a node is at work on.
    async fn under_way(&self, at: usize) -> anyhow::Result<f64> {
        let url = self.seats[at].process.rest.replace("/fhir", "/metrics");
        let page = reqwest::get(url).await?.text().await?;
        let of_work = |line: &&str| {
            line.starts_with("salamander_requests_in_flight")
                || line.starts_with("salamander_raft_proposals_in")
        };
        let numbers =
            page.lines().filter(of_work).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(numbers.sum())
    }

    async fn until(&self, what: &str, good: impl Fn(&StatusResponse) -> bool) -> anyhow::Result<()> {
        if self.count() == 1 {
            return Ok(());
        }
        let began = Instant::now();
        for at in 0..self.count() {
            loop {
                match self.operator(at).status().await {
                    Ok(status) if is_whole(&status, self.count()) && good(&status) => break,
                    seen if began.elapsed() > SOON => {
                        bail!("the cluster is not {what} after {SOON:?}, says node {}: {seen:?}", at + 1)
                    }
                    _ => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        }
        Ok(())
    }
}

fn is_whole(status: &StatusResponse, nodes: usize) -> bool {
    let group_is_whole = |group: &GroupStatus| {
        group.leader != 0 && !group.changing && group.voters.len() == nodes.min(REPLICAS)
    };
    !status.groups.is_empty() && status.groups.iter().all(group_is_whole)
}
