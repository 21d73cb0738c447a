//! Before a node is opened: where other nodes reach it, and which cluster it belongs to.

use crate::{
    config::Config,
    engine::Options,
    peers::{self, Peers},
    stop::Stop,
    wire,
};
use anyhow::{Context, bail};
use client::Admin;
use cluster::{DiskFolder, Entropy, Identity, Joining, MetaNode};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Pause between two tries to join.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens for other nodes, and fills in what the folder says of this one.
pub(super) async fn listen(config: &Config, options: &mut Options, stop: Stop) -> anyhow::Result<Peers> {
    let dir = options.cluster.dir.clone();
    let known = cluster::known(Arc::new(DiskFolder::open(&dir)?), &dir, options.cluster.node_id)?;
    if let Some(identity) = known.identity {
        options.cluster.node_id = identity.node_id;
        options.cluster.partitions = identity.partitions as u16;
    }
    let listener = wire::Peering::bind(config, known.address.as_deref()).await?;
    options.cluster.address = match config.cluster.address.as_str() {
        "" => told(listener.address())?,
        address => address.to_owned(),
    };
    let peers = Peers::default();
    tokio::spawn(listener.serve(config, peers::router(peers.clone()), stop));
    Ok(peers)
}

/// The address others are told, where the configuration names none.
fn told(bound: SocketAddr) -> anyhow::Result<String> {
    if bound.ip().is_unspecified() {
        bail!(
            "cluster.listen {bound} is on every interface: cluster.address must say where other nodes reach this one"
        );
    }
    Ok(bound.to_string())
}

/// Joins the cluster that the configuration names, unless the folder belongs to one already. Until it is answered.
pub(super) async fn join(config: &Config, options: &mut Options) -> anyhow::Result<()> {
    let member = &config.cluster.join;
    if member.is_empty() {
        return Ok(());
    }
    let dir = &options.cluster.dir;
    let Some(joining) = Joining::begin(Arc::new(DiskFolder::open(dir)?), dir, &Entropy::system())? else {
        return Ok(());
    };
    let admin =
        Admin::connect(&format!("http://{member}")).with_context(|| format!("cluster.join {member}"))?;
    let answer = loop {
        match admin.join(joining.token(), &options.cluster.address).await {
            Ok(answer) => break answer,
            Err(error) => {
                tracing::warn!(member, %error, "the cluster cannot be joined yet; it is tried again")
            }
        }
        tokio::time::sleep(AGAIN).await;
    };
    let seed = |node: client::api::NodeStatus| MetaNode {
        node_id: node.node_id,
        address: node.address,
        ..MetaNode::default()
    };
    let identity = Identity {
        node_id: answer.node_id,
        cluster_id: answer.cluster_id,
        partitions: answer.partitions,
        seeds: answer.nodes.into_iter().map(seed).collect(),
        ..Identity::default()
    };
    tracing::info!(node = identity.node_id, cluster = identity.cluster_id, "joined");
    options.cluster.node_id = identity.node_id;
    options.cluster.partitions = identity.partitions as u16;
    Ok(joining.end(identity)?)
}
