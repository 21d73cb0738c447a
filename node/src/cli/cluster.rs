//! `salamander cluster`: what operators see and do, over the admin API of any node.

use super::{access::Access, rebalance};
use clap::{Args, Subcommand};
use client::{Admin, api::StatusResponse};
use std::{io::Write, time::Duration};

#[derive(Debug, Args)]
pub(super) struct Cluster {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows nodes and groups: who leads, who votes, who lags.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Again every two seconds, until interrupted.
        #[arg(long)]
        watch: bool,
    },
    /// Has a node give up its replicas, as soon as others have them; ends when it holds none. Can be interrupted and run again.
    Drain {
        node: u64,
        /// It may hold replicas again.
        #[arg(long)]
        undo: bool,
    },
    /// Takes a node out of the cluster for good; its id is never used again. Drain it first where it is alive.
    Remove { node: u64 },
    /// Tells which groups are not where they should be, until all are. They move by themselves, as soon as nodes come, go or
    /// return: nothing is begun by this, and it can be interrupted and run again.
    Rebalance {
        /// Gives up after so many seconds.
        #[arg(long, default_value_t = 600)]
        timeout: u64,
    },
    /// Has another node lead; ends when it does.
    TransferLeader { to: u64 },
}

const PAUSE: Duration = Duration::from_secs(2);

impl Cluster {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let admin = Admin::connect_with(&self.access.grpc, &self.access.agreed().await?)?;
            match self.command {
                Command::Status { json, watch } => status(&admin, json, watch).await,
                Command::Drain { node, undo } => drain(&admin, node, undo).await,
                Command::Remove { node } => Ok(admin.remove(node).await?),
                Command::Rebalance { timeout } => {
                    rebalance::wait(&admin, Duration::from_secs(timeout), PAUSE).await
                }
                Command::TransferLeader { to } => transfer(&admin, to).await,
            }
        })
    }
}

async fn status(admin: &Admin, json: bool, watch: bool) -> anyhow::Result<()> {
    loop {
        let status = admin.status().await?;
        let text = if json { as_json(&status).to_string() + "\n" } else { as_text(&status) };
        std::io::stdout().lock().write_all(text.as_bytes())?;
        if !watch {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn drain(admin: &Admin, node: u64, undo: bool) -> anyhow::Result<()> {
    admin.drain(node, undo).await?;
    if undo {
        return Ok(());
    }
    loop {
        let status = admin.status().await?;
        let votes = status.nodes.iter().find(|known| known.node_id == node).map_or(0, |known| known.votes);
        writeln!(std::io::stdout().lock(), "node {node} votes in {votes} of {} groups", status.groups.len())?;
        if votes == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn transfer(admin: &Admin, to: u64) -> anyhow::Result<()> {
    loop {
        let status = admin.status().await?;
        writeln!(std::io::stdout().lock(), "node {} leads the meta group", status.leader)?;
        if status.leader == to {
            return Ok(());
        }
        admin.transfer_leader(to).await?;
        tokio::time::sleep(PAUSE).await;
    }
}

fn as_text(status: &StatusResponse) -> String {
    let mut text = format!("cluster {}, its meta group led by node {}\n", status.cluster_id, status.leader);
    text += "  node  standing  address                 votes  leads        lag\n";
    for node in &status.nodes {
        let (id, standing, address) = (node.node_id, &node.standing, &node.address);
        text += &format!(
            "{id:>6}  {standing:<8}  {address:<22} {:>6} {:>6} {:>10}\n",
            node.votes, node.leads, node.lag
        );
    }
    text += "  group  leader   term  voters        learners         log    applied\n";
    let listed = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    for group in &status.groups {
        let name = if group.group == 0 { "meta".to_owned() } else { group.group.to_string() };
        let changing = if group.changing { "*" } else { "" };
        text += &format!(
            "{name:>7}  {:>6} {:>6}  {:<12}  {:<8} {:>10} {:>10}\n",
            group.leader,
            group.term,
            listed(&group.voters) + changing,
            listed(&group.learners),
            group.appended,
            group.applied
        );
    }
    text
}

fn as_json(status: &StatusResponse) -> serde_json::Value {
    let node = |node: &client::api::NodeStatus| {
        serde_json::json!({
            "node_id": node.node_id, "address": node.address, "standing": node.standing,
            "votes": node.votes, "leads": node.leads, "lag": node.lag,
        })
    };
    let group = |group: &client::api::GroupStatus| {
        serde_json::json!({
            "group": group.group, "leader": group.leader, "term": group.term, "voters": group.voters,
            "learners": group.learners, "changing": group.changing, "appended": group.appended,
            "applied": group.applied, "target": group.target,
        })
    };
    serde_json::json!({
        "cluster_id": status.cluster_id, "leader": status.leader, "feature_level": status.feature_level,
        "seen_by": status.seen_by,
        "nodes": status.nodes.iter().map(node).collect::<Vec<_>>(),
        "groups": status.groups.iter().map(group).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::api::{GroupStatus, NodeStatus};

    #[test]
    fn a_status_is_told_in_lines_and_in_json() {
        let node = NodeStatus {
            node_id: 2,
            address: "127.0.0.1:1".to_owned(),
            standing: "member".to_owned(),
            votes: 17,
            leads: 1,
            lag: 3,
        };
        let group =
            GroupStatus { group: 4, leader: 2, term: 5, voters: vec![1, 2], ..GroupStatus::default() };
        let status =
            StatusResponse { leader: 2, nodes: vec![node], groups: vec![group], ..StatusResponse::default() };
        let text = as_text(&status);
        assert!(
            text.contains("2  member    127.0.0.1:1") && text.contains("4       2      5  1 2"),
            "{text}"
        );
        let json = as_json(&status);
        assert_eq!((&json["nodes"][0]["lag"], &json["groups"][0]["voters"][1]), (&3.into(), &2.into()));
    }
}
